// limit: 600 s
/* Twenty boots of one disk in a row, ended in turn in several ways: its file system is clean after each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ext4Disk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot, type Vm } from "./vm.ts";

const configuration = `mounts: [{target: /, options: [rw]}]
services:
  - {name: terminals}
  - {name: writer, shell: true, command: "while :; do date >> /dates; sync; sleep 0.1; done"}
`;

const ends: ((vm: Vm) => unknown)[] = [
  (vm) => vm.type("gonit reboot"),
  (vm) => vm.monitor("sendkey ctrl-alt-delete"),
  (vm) => vm.type("kill -39 1"),
  (vm) => vm.type("for p in /proc/[0-9]*; do grep -qs manager $p/comm && kill -9 ${p#*c/}; done; kill -INT 1"),
];

/** What takes the kernel's time and is no part of this; all of it is in the boots of other tests. */
const quickly = "mitigations=off nokaslr cryptomgr.notests";

test("twenty boots in a row leave a clean file system, each of them", async (t) => {
  const disk = ext4Disk(t, systemFiles(configuration), { label: "root", size: 64 });
  const append = `root=/dev/nvme0n1 init=/system/gonit ${quickly}`;
  const vm = boot(t, { disks: [disk], append, reboots: true });
  let from = 0;
  for (let round = 1; round <= 20; round++) {
    await vm.sees(/All services are ready/, from);
    from = await vm.sees(/gonit# /, from);
    if (round === 20) break;
    await ends[round % ends.length]?.(vm);
    // Until the kernel of the next boot runs, nobody writes to the disk.
    from = await vm.sees(/reboot: Restarting system/, from);
    assert.equal(fileSystemTroubles(disk), "", `after boot ${round}`);
  }
  vm.type("gonit poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.equal(fileSystemTroubles(disk), "", "after the last boot");
  assert.doesNotMatch(console, /Kernel panic|Cannot|EXT4-fs.*(error|recovery)/);
});
