// limit: 600 s
/* Twenty boots of one disk in a row, ended in turn in several ways: its file system is clean after each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ext4Disk, fileSystemTroubles, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

const boots = 20;

const configuration = `mounts: [{target: /, options: [rw]}]
services:
  - {name: writer, shell: true, command: "while :; do date >> /dates; sync; sleep 0.1; done"}
  - {name: ends, type: task, shell: true, after: [writer], command: ". /ends", logs: console}
`;

/** The nth boot ends in the nth way, the manager's death before it among them, and the last one by power-off. */
const script = `n=$(cat /boots 2>/dev/null || echo 0)
n=$((n + 1))
echo $n > /boots
echo "boot $n"
[ $n = ${boots} ] && exec /bin/gonit poweroff
case $((n % 4)) in
  0) exec /bin/gonit reboot ;;
  1) kill -INT 1 ;;
  2) kill -39 1 ;;
  3) for p in /proc/[0-9]*; do
       read c < $p/comm || continue
       [ "$c" = "gonit: manager" ] && kill -9 \${p#/proc/}
     done
     kill -INT 1 ;;
esac
`;

test("twenty boots in a row leave a clean file system, each of them", async (t) => {
  const disk = ext4Disk(t, systemFiles(configuration, { ends: script }), { label: "root", size: 64 });
  const append = "root=/dev/nvme0n1 init=/system/gonit";
  for (let n = 1; n <= boots; n++) {
    // A machine of its own for each: an emulator that is reset is three times as slow as a new one.
    const { code, console } = await boot(t, { disks: [disk], append }).ended;
    assert.equal(code, 0, console);
    assert.match(console, new RegExp(`boot ${n}\\n[\\s\\S]*reboot: ${n === boots ? "Power down" : "Restarting"}`));
    assert.doesNotMatch(console, /Kernel panic|Cannot|EXT4-fs.*(error|recovery)/);
    assert.equal(fileSystemTroubles(disk), "", `after boot ${n}`);
  }
});
