/* Trouble that users reported with machines (tests/cases.md), each as the report has it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cpioArchive } from "../../scripts/image/cpio.ts";
import { Tree } from "../../scripts/image/tree.ts";
import { archive, ask, bootInitramfs, ext4Disk, type Files, systemFiles } from "./gonit-vm.ts";
import { boot, folderFor } from "./vm.ts";

/** Runs, says so, and ends the machine. */
const says = `services:
  - {name: a, type: task, command: [/busybox, sh, -c, "/busybox echo a r''uns"], critical: poweroff, logs: console}
`;

function bareFiles(more: Files = {}): Files {
  const { "system/gonit": gonit = "", "bin/busybox": busybox = "" } = systemFiles("");
  return { gonit, busybox, "config.yml": says, ...more };
}

/** An initramfs of these files at its top, without any folder. */
function bareArchive(folder: string, files: Files): string {
  const tree = new Tree();
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === "string" && content.startsWith("-> ")) tree.link(path, content.slice(3));
    else tree.file(path, content, 0o755);
  }
  const path = join(folder, "initramfs.cpio");
  writeFileSync(path, cpioArchive(tree.entries(), 0));
  return path;
}

const withConfiguration = "gonit.config=/config.yml";

test("a rescue shell on the serial line: Ctrl-C ends what runs in it, it has a terminal, and its end brings a prompt", async (t) => {
  const vm = boot(t, { initrd: archive(t, systemFiles("")), append: "gonit.config=/nothing.yml" });
  const prompt = await vm.sees(/rescue# /);
  // A program that has printed something has got the terminal before.
  vm.type("sh -c 'echo sleep\"\"s; exec sleep 1000'");
  const sleeps = await vm.sees(/^sleeps$/m, prompt);
  vm.send("\x03");
  vm.type("echo ali''ve; tty");
  const alive = await vm.sees(/^alive\n\/dev\/ttyS0$/m, sleeps);
  vm.type("exit");
  await vm.sees(/rescue# /, await vm.sees(/rescue shell/, alive));
  vm.type("gonit poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.doesNotMatch(console, /Kernel panic/);
});

test("an initramfs that holds gonit, a configuration and no folder boots, also where all is mounted already", async (t) => {
  const bare = boot(t, {
    initrd: bareArchive(folderFor(t), bareFiles({ init: "-> gonit" })),
    append: withConfiguration,
  });
  const script = `#!/busybox sh
/busybox mkdir -p /proc /sys /dev
/busybox mount -t proc -o ro proc /proc
/busybox mount -t sysfs sysfs /sys
/busybox mount -t devtmpfs devtmpfs /dev
exec /gonit
`;
  const shown = says.replace("/busybox echo", "/busybox grep ' /proc ' /proc/mounts; /busybox echo");
  const files = bareFiles({ init: script, "config.yml": shown });
  const mounted = boot(t, { initrd: bareArchive(folderFor(t), files), append: withConfiguration });
  for (const vm of [bare, mounted]) {
    const { code, console } = await vm.ended;
    assert.equal(code, 0, console);
    assert.match(console, /a runs/);
    assert.match(console, /reboot: Power down/);
    assert.doesNotMatch(console, /Kernel panic|level=error|ERRO/);
  }
  // What was mounted is as it was.
  assert.match(mounted.console(), /proc \/proc proc ro/);
});

test("a read-only root without any folder: the service runs and ends the machine", async (t) => {
  const disk = ext4Disk(t, bareFiles(), { label: "bare" });
  const vm = boot(t, { disks: [disk], append: `root=/dev/nvme0n1 init=/gonit ${withConfiguration}` });
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.match(console, /reboot: Power down/);
  assert.doesNotMatch(console, /Kernel panic/);
});

test("without a usable console services run, and nothing stands where their descriptors should be", async (t) => {
  const look =
    "for n in 0 1 2; do readlink /proc/1/fd/$n; readlink /proc/$$/fd/$n; done > /dev/ttyS0; echo ok > /dev/ttyS0";
  const configuration = `services:
  - {name: a, type: task, shell: true, command: "${look}", logs: none, critical: poweroff}
`;
  const vm = boot(t, { initrd: archive(t, systemFiles(configuration)), append: "console=null" });
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.match(console, /^ok$/m);
  assert.equal(console.match(/^(\/dev\/|pipe:|\/)\S*$/gm)?.length, 6, console);
});

test("a clock that is set forward and back by decades starts, ends and delays nothing", async (t) => {
  const configuration = `services:
  - {name: steady, command: /bin/busybox sleep 1000000, health: {exec: /bin/busybox true, interval: 1s}}
  - {name: ending, command: /bin/busybox sleep 1, logs: console, restart: {policy: always, delay: 1s, backoff: 1}}
  - {name: terminals}
`;
  const vm = await bootInitramfs(t, configuration);
  await vm.sees(/gonit# /);
  const row = async (): Promise<string> =>
    /^steady +running +\d+ +\d+s +0/m.exec(await ask(vm, "gonit status"))?.[0].replace(/ +\d+s/, "") ?? "";
  for (const date of ["2050-01-01 00:00:00", "1980-01-01 00:00:00"]) {
    const before = await row();
    assert.notEqual(before, "", vm.console());
    const from = vm.console().length;
    vm.type(`date -s '${date}'`);
    // Its delay goes by no clock that can be set.
    const again = await vm.sees(/Started service +pid=\d+ service=ending/, from);
    await vm.sees(/Started service +pid=\d+ service=ending/, again);
    assert.equal(await row(), before, vm.console());
    assert.match(
      await ask(vm, "gonit restart steady --timeout 30s; gonit stop steady; gonit start steady; echo code=$?"),
      /code=0/,
    );
  }
  vm.type("gonit poweroff");
  assert.equal((await vm.ended).code, 0);
});
