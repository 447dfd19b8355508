/* What a machine prepares before its services: modules, kernel settings, file systems; and what is told when it fails. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { archive, ask, ext4Disk, fileOnDisk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot, kernelModules } from "./vm.ts";

function moduleFile(path: string): Buffer {
  return readFileSync(join(kernelModules(), "kernel", path));
}

test("modules with options, settings and mounts are there before the first service, and gone in order at the end", async (t) => {
  const configuration = `
modules:
  - {name: softdog, options: soft_margin=77}
sysctl: {kernel.panic_on_oops: 1, vm/swappiness: 7}
mounts:
  - {source: tmpfs, target: /data/scratch, options: [size=1M, mode=1777]}
  - {source: LABEL=data, target: /data, options: [noatime], grow: true}
services:
  - name: first
    type: task
    logs: console
    shell: true
    command: grep -c /data /proc/mounts; echo kept > /data/kept; cat /proc/sys/kernel/panic_on_oops
  - terminals
`.replace("- terminals", "- {name: terminals, depends_on: [first]}");
  const disk = ext4Disk(t, { "old/file": "old" }, { label: "data", size: 32, fileSystem: 16 });
  const files = systemFiles(configuration, {
    "lib/modules/softdog.ko": moduleFile("drivers/watchdog/softdog.ko"),
    "lib/modules/watchdog.ko": moduleFile("drivers/watchdog/watchdog.ko"),
    // As the image builder writes it: in the order of loading, options behind the path.
    "system/modules": "/lib/modules/watchdog.ko\n/lib/modules/softdog.ko soft_margin=77\n",
  });
  const vm = boot(t, { initrd: archive(t, files), disks: [disk], append: "" });
  await vm.sees(/machine \| loaded modules: watchdog softdog \(soft_margin=77\)/);
  await vm.sees(/machine \| mounted \/dev\/nvme0n1 \(ext4\) on \/data\n/);
  const order = await vm.sees(/machine \| mounted tmpfs \(tmpfs\) on \/data\/scratch/);
  await vm.sees(/first \| 2/, order);
  await vm.sees(/gonit# /);
  assert.match(await ask(vm, "dmesg | grep softdog"), /soft_margin=77 sec/);
  assert.equal(await ask(vm, "cat /proc/sys/vm/swappiness"), "7\n");
  const kibibytes = Number(await ask(vm, "df -k /data | tail -1 | busybox awk '{print $2}'"));
  assert.ok(kibibytes > 24_000, `the file system has ${kibibytes} KiB of 32 MiB`);
  assert.match(await ask(vm, "gonit status"), /machine +done/);
  // Once more: what is mounted stays mounted.
  vm.type("gonit start machine");
  await vm.sees(/machine \| mounted \/data again with noatime/);
  assert.equal(await ask(vm, "grep -c /data /proc/mounts"), "2\n");
  vm.type("gonit poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.equal(fileSystemTroubles(disk), "");
  assert.equal(fileOnDisk(disk, "kept"), "kept\n");
});

test("what is not required is told, and services start; what is required holds them back and the console gets a shell", async (t) => {
  const configuration = `
modules: [no_such_module]
sysctl: {no.such.setting: 1}
mounts:
  - {source: LABEL=nowhere, target: /maybe, required: false}
  - {source: LABEL=absent, target: /data}
services: [{name: terminals}]
`;
  const disk = ext4Disk(t, {}, { label: "other" });
  const vm = boot(t, { initrd: archive(t, systemFiles(configuration)), disks: [disk], append: "gonit.device_wait=1" });
  await vm.sees(/cannot load the module no_such_module: it is neither in \/system\/modules nor in \/lib\/modules\//);
  await vm.sees(/cannot set no\.such\.setting to "1": there is no \/proc\/sys\/no\/such\/setting/);
  await vm.sees(
    /cannot mount LABEL=nowhere on \/maybe: there is no LABEL=nowhere, waited 1 s; devices here: \/dev\/nvme0n1 \(ext4 LABEL=other\); it is not required/,
  );
  await vm.sees(/cannot mount LABEL=absent on \/data/);
  await vm.sees(/gonit: rescue shell: machine failed: exited 1/);
  await vm.sees(/rescue# /);
  assert.match(await ask(vm, "gonit status"), /machine +failed/);
  assert.match(await ask(vm, "gonit status machine"), /says +cannot load the module no_such_module/);
  assert.match(await ask(vm, "gonit why terminals"), /machine/);
  // Left, it is offered again.
  const from = vm.console().length;
  vm.type("exit");
  await vm.sees(/rescue shell: [\s\S]*rescue# /, from);
  // Mended, the system goes on, and the console is the terminals' again.
  vm.type("sed -i 's/LABEL=absent/LABEL=other/; s/LABEL=nowhere/tmpfs/' /system/config.yml; gonit apply");
  await vm.sees(/mounted \/dev\/nvme0n1 \(ext4\) on \/data/, from);
  await vm.sees(/All services are ready/, from);
  await vm.sees(/gonit# /);
  vm.type("gonit poweroff");
  assert.equal((await vm.ended).code, 0);
  assert.equal(fileSystemTroubles(disk), "");
});
