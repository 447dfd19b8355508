/* Twenty boots of one disk in a row, each ended in another way: its file system is clean after each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ext4Disk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot, type Vm } from "./vm.ts";

const configuration = `mounts: [{target: /, options: [rw]}]
services:
  - {name: terminals}
  - {name: writer, shell: true, command: "while :; do date >> /dates; sync; done"}
`;

const ends: ((vm: Vm) => unknown)[] = [
  (vm) => vm.type("gonit poweroff"),
  (vm) => vm.type("gonit reboot"),
  (vm) => vm.monitor("sendkey ctrl-alt-delete"),
  (vm) => vm.type("kill -PWR 1"),
];

test("twenty boots in a row leave a clean file system, each of them", async (t) => {
  const disk = ext4Disk(t, systemFiles(configuration), { label: "root", size: 64 });
  for (let round = 0; round < 20; round++) {
    const vm = boot(t, { disks: [disk], append: "root=/dev/nvme0n1 init=/system/gonit" });
    await vm.sees(/All services are ready/);
    await vm.sees(/gonit# /);
    await ends[round % ends.length]?.(vm);
    const { code, console } = await vm.ended;
    assert.equal(code, 0, console);
    assert.doesNotMatch(console, /Kernel panic|Cannot|EXT4-fs.*(error|recovery)/);
    assert.equal(fileSystemTroubles(disk), "", `boot ${round + 1}`);
  }
});
