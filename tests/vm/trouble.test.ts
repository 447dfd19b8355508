/* What a machine does when something is wrong: it never panics, tells the reason, and its disk stays clean. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { archive, ask, ext4Disk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

const rootOnDisk = "root=/dev/nvme0n1 init=/system/gonit";
const writable = "mounts: [{target: /, options: [rw]}]\n";

test("a configuration that broke: the last good plan runs, with the reason on the console; mended, it is applied", async (t) => {
  const disk = ext4Disk(t, systemFiles(`title: good\n${writable}services: [{name: terminals}]\n`), { label: "root" });
  const vm = boot(t, { disks: [disk], append: rootOnDisk, reboots: true });
  await vm.sees(/All services are ready/);
  await vm.sees(/gonit# /);
  const second = vm.console().length;
  vm.type("echo 'services: [{nam: x}]' > /system/config.yml; gonit reboot");
  await vm.sees(/Cannot use the configuration; the last good plan is used/, second);
  await vm.sees(/config\.yml:1:13: .*nam/, second);
  await vm.sees(/All services are ready/, second);
  await vm.sees(/gonit# /, second);
  assert.match(await ask(vm, "gonit status"), /^good: running/m);
  vm.type(`printf 'title: better\\n${writable.trim()}\\nservices: [{name: terminals}]\\n' > /system/config.yml`);
  assert.match(await ask(vm, "gonit apply; gonit status"), /^better: running/m);
  vm.type("gonit poweroff");
  const { console } = await vm.ended;
  assert.doesNotMatch(console, /Kernel panic/);
  assert.equal(fileSystemTroubles(disk), "");
});

test("a broken configuration without a good one before, and gonit.rescue: a shell with the reason; gonit apply goes on", async (t) => {
  const broken = boot(t, { initrd: archive(t, systemFiles("services: [{nam: x}]\n")) });
  const asked = boot(t, { initrd: archive(t, systemFiles("services: [{name: terminals}]\n")), append: "gonit.rescue" });
  await broken.sees(/Cannot use the configuration; no service is started[\s\S]*unknown key|Cannot use[\s\S]*nam/);
  await broken.sees(/rescue shell: the configuration cannot be used[\s\S]*rescue# /);
  broken.type("echo 'services: [{name: terminals}]' > /system/config.yml; gonit apply");
  await broken.sees(/All services are ready/);
  await broken.sees(/gonit# /);
  broken.type("gonit poweroff");
  assert.equal((await broken.ended).code, 0);
  await asked.sees(/rescue shell: asked for by gonit\.rescue[\s\S]*rescue# /);
  asked.type("gonit poweroff");
  assert.equal((await asked.ended).code, 0);
});

test("gonit.config names another file; without any there is a shell", async (t) => {
  const files = systemFiles("title: usual\nservices: []\n", {
    "my.yml": "title: mine\nservices: [{name: terminals}]\n",
  });
  const vm = boot(t, { initrd: archive(t, files), append: "gonit.config=/my.yml" });
  const none = boot(t, { initrd: archive(t, files), append: "gonit.config=/nothing.yml" });
  await vm.sees(/Starting services +title=mine/);
  await vm.sees(/gonit# /);
  vm.type("gonit poweroff");
  assert.equal((await vm.ended).code, 0);
  await none.sees(/nothing\.yml: cannot read the file: No such file/);
  await none.sees(/rescue# /);
  none.type("gonit poweroff");
  assert.equal((await none.ended).code, 0);
});

test("a full disk: services run, what their logs cannot take is told, the end is clean", async (t) => {
  const configuration = `${writable}services:
  - {name: terminals}
  - {name: flood, shell: true, command: "cat /dev/zero > /fill; while :; do echo a line of output; sleep 0.1; done"}
`;
  const disk = ext4Disk(t, systemFiles(configuration), { label: "root", size: 16 });
  const vm = boot(t, { disks: [disk], append: rootOnDisk });
  await vm.sees(/gonit# /);
  await vm.sees(/No space left on device/);
  assert.match(await ask(vm, "gonit status"), /flood +running/);
  vm.type("gonit poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.equal(fileSystemTroubles(disk), "");
});

test("the binary is gone and the roles are killed: they come back, services stay, the end is clean", async (t) => {
  const disk = ext4Disk(t, systemFiles(`${writable}services: [{name: terminals}]\n`), { label: "root" });
  const vm = boot(t, { disks: [disk], append: rootOnDisk });
  await vm.sees(/gonit# /);
  vm.type("cp /system/gonit /tmp/client; rm /system/gonit");
  for (const role of ["manager", "logger"]) {
    const from = vm.console().length;
    vm.type(`for p in /proc/[0-9]*; do read c < $p/comm; [ "$c" = "gonit: ${role}" ] && kill -9 \${p#/proc/}; done`);
    await vm.sees(new RegExp(`The ${role} ended and is started again`), from);
  }
  // Process 1 itself executes the file that it holds, too.
  const from = vm.console().length;
  vm.type("kill -SEGV 1");
  await vm.sees(/init is back after a fault of its own/, from);
  assert.match(await ask(vm, "/tmp/client status"), /terminals +running/);
  vm.type("/tmp/client poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.equal(fileSystemTroubles(disk), "");
});
