/*
 * Limits in a machine, where every controller of cgroup v2 is gonit's: memory, processes, processors, and the kill of a
 * group. A task looks from the inside and tells what it finds on the console.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { binary } from "../process/gonit.ts";
import { boot, child, initramfs } from "./vm.ts";

const configuration = `
defaults: {logs: none}
services:
  - name: quiet
    command: /bin/busybox sleep 100000
    limits: {memory: 32M, memory_high: 24M, cpu: 0.5, cpu_weight: 50, pids: 10, files: 77}
  - name: grows
    enabled: false
    command: [/bin/busybox, sh, -c, "x=a; while :; do x=$x$x; done"]
    limits: {memory: 16M}
    restart: no
  - {name: forks, command: /bin/forks 300, limits: {pids: 20}}
  - {name: spins, command: /bin/spins, limits: {cpu: 0.1}}
  - {name: free, command: /bin/busybox sleep 100000}
  - {name: nested, command: /bin/gonit up -f /system/inner.yml --socket /run/inner.sock, limits: {pids: 100}, logs: none}
  - name: divides
    command: /bin/busybox sh /bin/divides
    user: app
    enabled: false
    restart: no
    limits: {memory: 64M, delegate: true}
    ready: {log: "worker:"}
    reload: {command: /bin/busybox cat /proc/self/cgroup}
    logs: {to: console, prefix: false}
  - name: keeps
    command: /bin/busybox sh /bin/keeps
    user: app
    enabled: false
    limits: {delegate: true}
    ready: {log: "kept:"}
    stop: {kill: process}
    logs: {to: console, prefix: false}
  - name: judge
    type: task
    command: [/bin/busybox, sh, /bin/judge]
    after: [quiet, forks, spins, free]
    logs: {to: console, prefix: false}
`;

/** A supervisor without privileges: it makes room in its group, then sets a limit that is lower than its own. */
const divides = `
own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
echo "begins: $own"
cd $own
mkdir supervisor worker
echo 0 >supervisor/cgroup.procs
echo "+memory +pids +cpuset" >cgroup.subtree_control && echo "divided: $(cat worker/cgroup.controllers)"
echo max >memory.max || echo "raised: refused"
echo 8M >worker/memory.max
(echo 0 >worker/cgroup.procs; exec sh -c 'x=a; while :; do x=$x$x; done')
echo "worker: $?"
exec sleep 200000
`;

/** What it leaves in a group below keeps its own group from having processes. */
const keeps = `
own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
echo "in: $own"
mkdir -p $own/left
(echo 0 >$own/left/cgroup.procs; exec sleep 300000) &
until grep -q "^$!$" $own/left/cgroup.procs; do sleep 0.1; done
mkdir $own/self
echo 0 >$own/self/cgroup.procs
echo +memory >$own/cgroup.subtree_control && echo "kept: $!"
exec sleep 300000
`;

/** Of a gonit that is a service itself: its group is its own to divide. */
const inner = `
services:
  - {name: deep, command: /bin/busybox sleep 100000, limits: {pids: 5, memory: 8M}}
`;

/** Each line that it prints is "NAME: VALUE". */
const judge = `
/bin/busybox --install -s /bin
cd /sys/fs/cgroup
tell() { echo "$1: $(shift; "$@" 2>&1 | tr '\\n' ' ')"; }
tell roles cat /proc/1/cgroup
tell controllers cat cgroup.subtree_control
for file in memory.max memory.high cpu.max cpu.weight pids.max; do tell $file cat gonit.main.quiet/$file; done
tell notes sh -c "gonit status quiet | grep -c 'not applied'"
quiet=$(ps | grep '[s]leep 100000' | head -1 | awk '{print $1}')
sed -i 's/memory: 32M, memory_high: 24M, cpu: 0.5, cpu_weight: 50, pids: 10, files: 77/memory: 40M, cpu_weight: 60, pids: 11, files: 99/' /system/config.yml
tell planned sh -c "gonit plan | grep quiet"
gonit apply
tell live sh -c "cd gonit.main.quiet; cat memory.max memory.high cpu.max cpu.weight pids.max"
tell open sh -c "grep 'open files' /proc/$(head -1 gonit.main.quiet/cgroup.procs)/limits"
[ -d /proc/$quiet ] && echo "same: process"
gonit start --no-wait grows
until gonit why grows | grep -q "out of memory"; do sleep 0.1; done
tell out gonit why grows
tell neighbour sh -c "gonit status quiet | grep -c running"
until grep -q "^max [1-9]" gonit.main.forks/pids.events; do sleep 0.1; done
[ "$(cat gonit.main.forks/pids.current)" -le 20 ] && echo "bomb: bounded"
gonit stop --force forks
tell left sh -c "ps | grep -c '[/]bin/forks'"
[ -d gonit.main.forks ] || echo "bomb: gone"
until grep -q "^nr_throttled [1-9]" gonit.main.spins/cpu.stat; do sleep 0.1; done
echo "load: held back"
until gonit status spins | grep -qE "^  pressure +waited for cpu [1-9]"; do sleep 0.1; done
tell pressure sh -c "gonit status spins | grep pressure; gonit status --json spins"
life=$(ps | grep '[g]onit: manager' | awk '{print $1}')
kill -9 $life
until gonit restart quiet; do sleep 0.1; done
tell again cat gonit.main.quiet/memory.max /proc/1/cgroup
gonit stop spins
[ -d gonit.main.spins ] || echo "load: gone"
until gonit status --socket /run/inner.sock deep | grep -q running; do sleep 0.1; done
tell inner sh -c "gonit status --socket /run/inner.sock deep | grep -c 'not applied'"
tell deep sh -c "cat gonit.main.nested/gonit.*.deep/pids.max gonit.main.nested/gonit.*.deep/memory.max"
tell outer cat gonit.main.nested/pids.max
gonit stop --force nested
[ -d gonit.main.nested ] || echo "inner: gone"
tell rest sh -c "ps | grep -c '[s]leep 100000'"
gonit start divides
tell owners stat -c %u gonit.main.divides gonit.main.divides/cgroup.procs gonit.main.divides/memory.max
gonit reload divides
tell below sh -c "wc -l <gonit.main.divides/supervisor/cgroup.procs"
gonit kill -s SEGV divides
gonit wait divides --for stopped
tell crash gonit why divides
[ -d gonit.main.divides ] || echo "its group: gone"
gonit start divides
gonit stop divides
[ -d gonit.main.divides ] || echo "its group: gone again"
tell sleepers sh -c "ps | grep -c '[s]leep 200000'"
gonit start keeps
gonit restart keeps
echo "judge: over"
`;

test("a service's memory, processes and processors end where its limits say, and its group kills all of it", async (t) => {
  const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  const initrd = initramfs(t, {
    init: readFileSync(binary()),
    "bin/gonit": readFileSync(binary()),
    "bin/busybox": readFileSync(busybox),
    "bin/forks": readFileSync(child("forks-without-end")),
    "bin/spins": readFileSync(child("spins")),
    "bin/judge": judge,
    "bin/divides": divides,
    "bin/keeps": keeps,
    "etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:100:100::/:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:100:\n",
    "system/config.yml": configuration,
    "system/inner.yml": inner,
  });
  const vm = boot(t, { initrd });
  await vm.sees(/^judge: over$/m);
  const answers = (name: string) =>
    [...vm.console().matchAll(new RegExp(`^${name}: (.*?) *$`, "gm"))].map(([, answer]) => answer);
  // gonit itself is in a leaf of its own, so that its group may give controllers to others.
  assert.deepEqual(answers("roles"), ["0::/gonit.roles"]);
  for (const name of ["cpu", "io", "memory", "pids"])
    assert.ok(answers("controllers")[0]?.split(" ").includes(name), name);
  assert.deepEqual(answers("memory.max"), [String(32 << 20)]);
  assert.deepEqual(answers("memory.high"), [String(24 << 20)]);
  assert.deepEqual(answers("cpu.max"), ["50000 100000"]);
  assert.deepEqual([...answers("cpu.weight"), ...answers("pids.max")], ["50", "10"]);
  assert.deepEqual(answers("notes"), ["0"]);
  // Another configuration: files of the group are written, limits of the process set, and it goes on.
  assert.match(
    answers("planned")[0] ?? "",
    /^in place +quiet +limits\.memory, limits\.memory_high, limits\.cpu, limits\.cpu_weight, limits\.pids, limits\.files changed$/,
  );
  assert.deepEqual(answers("live"), [`${40 << 20} max max 100000 60 11`]);
  assert.match(answers("open")[0] ?? "", /^Max open files +99 +99 /);
  assert.deepEqual(answers("same"), ["process"]);
  assert.match(answers("out")[0] ?? "", /ended by SIGKILL: out of memory, its limit is 16M/);
  assert.deepEqual(answers("neighbour"), ["1"]);
  assert.deepEqual(answers("bomb"), ["bounded", "gone"]);
  assert.deepEqual(answers("left"), ["0"]);
  assert.deepEqual(answers("load"), ["held back", "gone"]);
  // It may use a tenth of a processor and wants a whole one.
  const shown = answers("pressure")[0] ?? "";
  assert.match(shown, /pressure +waited for cpu [\d.]+%, io [\d.]+%, memory [\d.]+% of the last 10 s/);
  assert.match(shown, /"pressure": \{ +"cpu": [\d.]+, +"io": [\d.]+, +"memory": [\d.]+ +\}/);
  // Limits within limits; all of it ends with the group of the outer one: quiet and free are left.
  assert.deepEqual(answers("deep"), [`5 ${8 << 20}`]);
  assert.deepEqual(answers("outer"), ["100"]);
  assert.deepEqual(answers("inner"), ["0", "gone"]);
  assert.deepEqual(answers("rest"), ["2"]);
  // A user that divides its group: each controller is there, its limits hold, its own ones stay gonit's.
  assert.deepEqual(answers("begins"), Array(2).fill("/sys/fs/cgroup/gonit.main.divides"));
  for (const line of answers("divided"))
    assert.equal(line?.split(" ").sort().join(" "), "cpuset memory pids", "of a group below");
  assert.equal(answers("divided").length, 2);
  assert.deepEqual(answers("raised"), ["refused", "refused"]);
  assert.deepEqual(answers("worker"), ["137", "137"]);
  assert.deepEqual(answers("owners"), ["100 100 0"]);
  assert.deepEqual(answers("below"), ["1"]);
  // A command is no process of the group that has groups below; what ended there is no reason of another end.
  assert.match(vm.console(), /^0::\/gonit\.main\.divides\/gonit\.commands$/m);
  assert.match(answers("crash")[0] ?? "", /SIGSEGV/);
  assert.doesNotMatch(answers("crash")[0] ?? "", /out of memory/);
  assert.deepEqual([...answers("its group"), ...answers("sleepers")], ["gone", "gone again", "0"]);
  const kept = "/sys/fs/cgroup/gonit.main.keeps";
  assert.deepEqual(answers("in"), [kept, `${kept}/gonit.main`]);
  assert.equal(answers("kept").length, 2);
  // Another manager found the groups as they were.
  assert.deepEqual(answers("again"), [`${40 << 20} 0::/gonit.roles`]);
});
