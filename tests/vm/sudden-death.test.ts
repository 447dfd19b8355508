/* Deaths at any moment: of the manager while a machine boots, of the whole machine while it runs. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { inParallel } from "../../scripts/run.ts";
import { binary } from "../process/gonit.ts";
import { archive, ask, ext4Disk, fileOnDisk, fileSystemTroubles, replayJournal, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

const rootOnDisk = "root=/dev/nvme0n1 init=/system/gonit";
const writable = "mounts: [{target: /, options: [rw]}]\n";

test("a manager that is killed at any stage of the boot: the next one goes on, all services come up, the end is clean", async (t) => {
  const configuration = `${writable}services:
  - {name: terminals, depends_on: [first]}
  - {name: first, type: task, logs: console, command: [/bin/busybox, echo, the first has run]}
`;
  const files = systemFiles(configuration, { "system/once": "" }, binary("GONIT_HOOKS_BINARY"));
  const stages = [
    "turn-before-append=kill@1",
    "turn-after-append=kill@2",
    "turn-before-effects=kill@3",
    "turn-done=kill@4",
    "spawn-cloned=kill@1",
  ];
  // An emulated machine takes one processor.
  await inParallel(stages, availableParallelism(), async (stage) => {
    const disk = ext4Disk(t, files, { label: "root", size: 64 });
    const append = `${rootOnDisk} rw GONIT_HOOK=${stage} GONIT_HOOK_ONCE=/system/once`;
    const vm = boot(t, { disks: [disk], append });
    await vm.sees(/The manager ended and is started again/);
    await vm.sees(/All services are ready/);
    await vm.sees(/gonit# /);
    vm.type("gonit poweroff");
    const { code, console } = await vm.ended;
    assert.equal(code, 0, `${stage}:\n${console}`);
    assert.equal(console.match(/first \| the first has run/g)?.length, 1, `${stage}:\n${console}`);
    assert.doesNotMatch(console, /Kernel panic|Safe mode/);
    assert.equal(fileSystemTroubles(disk), "", stage);
  });
});

test("a power failure loses no line of a log that is older than logs.sync", async (t) => {
  const configuration = `${writable}services:
  - name: ticker
    shell: true
    command: n=0; while :; do n=$((n+1)); echo line $n; echo tick $n > /dev/console; sleep 0.2; done
    logs: {sync: 2s}
`;
  const disk = ext4Disk(t, systemFiles(configuration), { label: "root" });
  const vm = boot(t, { disks: [disk], append: rootOnDisk });
  await vm.sees(/tick 25\n/);
  // Each tick takes 0.2 s of the guest's time at least, so line 25 is 3 s old by now.
  await vm.sees(/tick 40\n/);
  vm.kill();
  await vm.ended;
  replayJournal(disk);
  const log = fileOnDisk(disk, "system/services/ticker/logs/ticker.log") ?? "";
  const lines = [...log.matchAll(/line (\d+)$/gm)].map(([, number]) => Number(number));
  assert.ok(lines.length >= 25, `the log has ${lines.length} lines:\n${log}`);
  assert.deepEqual(
    lines,
    Array.from(lines, (_, index) => index + 1),
  );
});

test("a manager that never comes up: safe mode, a rescue shell with the reason; ctrl-alt-del still ends the machine", async (t) => {
  const files = systemFiles("services: [{name: terminals}]\n", {}, binary("GONIT_HOOKS_BINARY"));
  const append = "GONIT_HOOK=turn-before-append=kill@1 GONIT_RETRY_MS_MAX=20";
  const vm = boot(t, { initrd: archive(t, files), append });
  await vm.sees(/Safe mode: the manager cannot be kept up/);
  await vm.sees(/rescue shell: the manager cannot be kept up[\s\S]*rescue# /);
  assert.match(await ask(vm, "echo it is a shell"), /it is a shell/);
  await vm.monitor("sendkey ctrl-alt-delete");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /reboot: Restarting system/);
  assert.doesNotMatch(console, /Kernel panic/);
});
