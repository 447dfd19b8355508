/* The root file system on a disk: booted by the kernel, or from an initramfs that hands over to it; read-only roots. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { archive, ask, ext4Disk, fileOnDisk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

const terminals = "services: [{name: terminals}]\n";
const writableRoot = `mounts: [{target: /, options: [rw]}]\n${terminals}`;

test("a disk that the kernel mounts: read-only at first, then writable; it is clean at the end, and remembers", async (t) => {
  const disk = ext4Disk(t, systemFiles(writableRoot), { label: "root" });
  const ids: string[] = [];
  for (const round of [1, 2]) {
    const vm = boot(t, { disks: [disk], append: "root=/dev/nvme0n1 init=/system/gonit" });
    await vm.sees(/mounted \/ again with rw/);
    await vm.sees(/All services are ready/);
    await vm.sees(/gonit# /);
    ids.push(await ask(vm, "cat /etc/machine-id"));
    if (round === 1) assert.match(await ask(vm, "ls /dev/console /dev/nvme0n1"), /console +.*nvme0n1/);
    vm.type("gonit poweroff");
    const { code, console } = await vm.ended;
    assert.equal(code, 0, console);
    assert.equal(fileSystemTroubles(disk), "");
    assert.doesNotMatch(console, /Cannot|cannot|error/);
  }
  assert.match(ids[0] ?? "", /^[0-9a-f]{32}\n$/);
  assert.equal(ids[0], ids[1]);
  assert.equal(fileOnDisk(disk, "system/state/random-seed") === null, false);
  assert.match(fileOnDisk(disk, "system/state/last-good-plan") ?? "", /^gonit plan /);
});

test("an initramfs finds the root by its label and hands over to the gonit there, as process 1", async (t) => {
  const configuration = `title: from the disk\nmounts: [{source: tmpfs, target: /scratch}]\n${terminals}`;
  const disk = ext4Disk(t, systemFiles(configuration), { label: "shop" });
  const initrd = archive(
    t,
    systemFiles("title: from the initramfs\nservices: []\n", { "big/file": Buffer.alloc(4e6) }),
  );
  const vm = boot(t, { initrd, disks: [disk], append: "root=LABEL=shop rw rootflags=noatime" });
  await vm.sees(/Starting services +title="from the disk"/);
  await vm.sees(/All services are ready/);
  await vm.sees(/gonit# /);
  const mounts = await ask(vm, "cat /proc/mounts");
  assert.match(mounts, /^\/dev\/nvme0n1 \/ ext4 rw,noatime/m);
  for (const point of ["/proc", "/sys", "/dev", "/dev/pts", "/run", "/tmp", "/sys/fs/cgroup"]) {
    assert.equal(mounts.split("\n").filter((line) => line.includes(` ${point} `)).length, 1, `${point}:\n${mounts}`);
  }
  assert.equal(await ask(vm, "ls /big 2>&1"), "ls: /big: No such file or directory\n");
  assert.match(await ask(vm, "readlink /proc/1/exe"), /^\/system\/gonit\n$/);
  vm.type("gonit reboot");
  assert.equal((await vm.ended).code, 0);
  assert.equal(fileSystemTroubles(disk), "");
});

test("a root that is not there: the reason on the console, a shell, another try when it is left; ctrl-alt-del is heard", async (t) => {
  const disk = ext4Disk(t, systemFiles(terminals), { label: "shop" });
  const initrd = archive(t, systemFiles(terminals));
  const vm = boot(t, { initrd, disks: [disk], append: "root=LABEL=other gonit.device_wait=1" });
  await vm.sees(
    /cannot find the root file system: there is no LABEL=other, waited 1 s; devices here: \/dev\/nvme0n1 \(ext4 LABEL=shop\)/,
  );
  await vm.sees(/rescue shell: the root file system cannot be mounted[\s\S]*rescue# /);
  const from = vm.console().length;
  vm.type("exit");
  await vm.sees(/cannot find the root file system[\s\S]*rescue# /, from);
  await vm.monitor("sendkey ctrl-alt-delete");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /reboot: Restarting system/);
  assert.doesNotMatch(console, /Kernel panic/);
});

test("a root without gonit: a shell, and what is put there is run when it is left", async (t) => {
  const disk = ext4Disk(
    t,
    { "bin/busybox": systemFiles("")["bin/busybox"] ?? "", "bin/sh": "-> busybox", "system/x": "" },
    { label: "bare" },
  );
  const initrd = archive(t, systemFiles(terminals));
  const vm = boot(t, { initrd, disks: [disk], append: "root=/dev/nvme0n1 rw" });
  await vm.sees(/rescue shell: the root file system holds no init[\s\S]*rescue# /);
  vm.type(
    "printf '#!/bin/sh\\necho it is run as $$\\nexec busybox poweroff -f\\n' > /system/gonit; chmod +x /system/gonit; exit",
  );
  const { console } = await vm.ended;
  assert.match(console, /it is run as 1/);
  assert.doesNotMatch(console, /Kernel panic/);
});

test("a read-only root with a writable data partition", async (t) => {
  const configuration = `
logs: {directory: /data/logs}
mounts: [{source: LABEL=data, target: /data}]
services:
  - {name: terminals}
  - {name: writer, type: task, shell: true, command: "echo a line; touch /nothing || echo the root is read-only"}
`;
  const root = ext4Disk(t, systemFiles(configuration, { "data/.keep": "" }), { label: "root", journal: false });
  const data = ext4Disk(t, {}, { label: "data" });
  const vm = boot(t, { disks: [{ ...root, readOnly: true }, data], append: "root=/dev/nvme0n1 init=/system/gonit" });
  await vm.sees(/All services are ready/);
  await vm.sees(/gonit# /);
  assert.match(await ask(vm, "gonit logs writer"), /a line\n[\s\S]*the root is read-only/);
  vm.type("gonit poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.equal(fileSystemTroubles(data), "");
  assert.match(fileOnDisk(data, "logs/writer.log") ?? "", /the root is read-only/);
});
