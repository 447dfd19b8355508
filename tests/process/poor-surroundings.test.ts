/** gonit where something is missing, closed, full, refused or gone: it says what is lost, and manages all the same. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, children, folderFor, isAlive, type Started, start, watch } from "./gonit.ts";

const configuration = `
services:
  - {name: db, command: sleep 1000}
  - {name: web, command: "${children}/notifies-ready", ready: notify, depends_on: [db]}
  - {name: job, type: task, command: echo done by the task}
`;

/** What everyone expects everywhere: services run, answer, restart and stop. */
async function isManaged(gonit: Started): Promise<void> {
  await gonit.sees(/msg="Service ready".*service=web/);
  await gonit.until("the task is done", () => gonit.service("job").state === "done");
  const { pid } = gonit.service("db");
  assert.equal(gonit.client("restart", "db").code, 0);
  assert.notEqual(gonit.service("db").pid, pid);
  assert.equal(isAlive(pid ?? 0), false);
  await gonit.until("web is back", () => gonit.service("web").state === "ready");
  process.kill(gonit.service("web").pid ?? 0, "SIGKILL");
  await gonit.until("web is started again", () => gonit.service("web").restarts > 0);
  assert.match(gonit.client("why", "web").stdout, /^web is/);
  assert.match(gonit.client("logs", "job").stdout, /done by the task/);
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
}

function isPossible(context: TestContext, command: string[], why: string): boolean {
  const [program = "", ...words] = command;
  if (spawnSync(program, [...words, "true"]).status === 0) return true;
  context.skip(why);
  return false;
}

/** A mount namespace in which a script prepares the file systems. */
const prepared = (script: string) => [
  ..."unshare --mount --propagation private sh -e -c".split(" "),
  `${script}\nexec "$@"`,
  "sh",
];

/** Numbers of asm/unistd.h on this machine's kind. */
const calls: Record<string, Record<string, number>> = {
  x64: { execveat: 322, memfd_create: 319, pidfd_open: 434, clone3: 435, close_range: 436, openat2: 437 },
  arm64: { execveat: 281, memfd_create: 279, pidfd_open: 434, clone3: 435, close_range: 436, openat2: 437 },
};

for (const [error, errno] of [
  ["ENOSYS", 38],
  ["EPERM", 1],
] as const) {
  test(`system calls that a container runtime's filter answers with ${error}`, async (context) => {
    const numbers = Object.values(calls[process.arch] ?? {});
    if (numbers.length === 0) {
      context.skip(`the numbers of the system calls are not known for ${process.arch}`);
      return;
    }
    const filter = numbers.map((number) => `${number}=${errno}`).join(",");
    const gonit = start(
      context,
      `${configuration}  - {name: looks, type: task, command: ${children}/prints-environment, logs: {to: looks.log, format: raw}}\n`,
      { wrapper: [join(children, "refuse-calls"), filter] },
    );
    await gonit.until("the task has looked", () => gonit.service("looks").state === "done");
    // No descriptor of ours in a service, though none can be closed by range.
    assert.match(readFileSync(join(gonit.folder, "looks.log"), "utf8"), /^fds 0 1 2$/m);
    await isManaged(gonit);
  });
}

test("an ordinary user without any capability", async (context) => {
  const wrapper =
    "setpriv --reuid=61337 --regid=61337 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs".split(" ");
  if (!isPossible(context, wrapper, "only root can become another user")) return;
  const gonit = start(context, configuration, { wrapper, isOpenFolder: true });
  await isManaged(gonit);
});

test("root without any capability", async (context) => {
  const wrapper = "setpriv --bounding-set=-all --inh-caps=-all --no-new-privs".split(" ");
  if (!isPossible(context, wrapper, "only root can give up capabilities")) return;
  await isManaged(start(context, configuration, { wrapper }));
});

test("nothing can be written to: the socket has an abstract name, lines are kept in memory", async (context) => {
  const outside = folderFor(context);
  writeFileSync(
    join(outside, "config.yml"),
    `${configuration}  - {name: filed, command: "sh -c 'echo to a file; exec sleep 1000'", directory: /, logs: {to: /var/log/gonit-filed.log}}\n`
      .replaceAll("command:", "directory: /, command:")
      .replace("directory: /, logs", "logs"),
  );
  const name = `@gonit-test-${process.pid}`;
  const shadow = `mkdir -p ${outside}/c && mount --bind ${outside} ${outside}`;
  const wrapper = prepared(
    `${shadow}; mount -o remount,bind,ro ${outside}; cd ${outside}; for where in /run /dev/shm /var/tmp /var/log; do mount -t tmpfs -o ro none $where; done`,
  );
  if (!isPossible(context, wrapper, "no mount namespace can be made here")) return;
  const gonit = start(context, "", {
    wrapper,
    socket: name,
    args: ["up", "-f", join(outside, "config.yml"), "--socket", name, "--log-format", "logfmt"],
  });
  await gonit.sees(
    /msg="Cannot write the log file".*path=\/var\/log\/gonit-filed.log reason="Read-only file system" service=filed/,
  );
  assert.match(gonit.client("logs", "filed").stdout, /to a file/);
  assert.match(
    gonit.client("status", "filed").stdout,
    /notes +cannot write its log file \/var\/log\/gonit-filed.log: Read-only file system; its newest lines are kept in memory/,
  );
  await isManaged(gonit);
});

test("without /proc: what is lost is told, and services are managed", async (context) => {
  const wrapper = prepared("mount -t tmpfs none /proc");
  if (!isPossible(context, wrapper, "no mount namespace can be made here")) return;
  const gonit = start(context, configuration, { wrapper });
  await gonit.sees(/level=warn msg="No \/proc: /);
  await isManaged(gonit);
});

test("few descriptors: with the least that is needed all is managed, with less it says what to raise", async (context) => {
  await isManaged(start(context, configuration, { wrapper: ["prlimit", "--nofile=96:96"] }));
  for (const limit of [95, 40, 12]) {
    const gonit = start(context, configuration, { wrapper: ["prlimit", `--nofile=${limit}:${limit}`] });
    assert.equal(await gonit.ended, 1);
    assert.equal(
      gonit.output(),
      `gonit: cannot start: it needs 96 file descriptors and may have ${limit}; raise the limit (ulimit -n, LimitNOFILE=, --ulimit nofile=)\n`,
    );
  }
});

test("a disk that is full: lines are counted as lost, told once, and written again when there is room", async (context) => {
  const folder = folderFor(context);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", disk]).status !== 0) {
    context.skip("no file system can be mounted here");
    return;
  }
  afterwards(context, () => spawnSync("umount", ["-l", disk]));
  const gonit = start(
    context,
    `services:\n  - {name: talks, command: "sh -c 'while echo a line of some length; do sleep 0.01; done'", logs: {to: ${disk}/talks.log, format: raw}}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.until("it has written", () => existsSync(join(disk, "talks.log")));
  spawnSync("sh", ["-c", `cat /dev/zero > ${disk}/filler`]);
  await gonit.sees(/msg="Cannot write the log file".*reason="No space left on device" service=talks/);
  assert.match(gonit.client("status").stdout, /talks: cannot write its log file .*talks\.log: No space left on device/);
  assert.equal(gonit.service("talks").state, "ready");
  assert.equal(gonit.client("restart", "keeper").code, 0);
  rmSync(join(disk, "filler"));
  await gonit.sees(/msg="Log file is written again".*service=talks/);
  assert.doesNotMatch(gonit.client("status").stdout, /cannot write/);
});

test("a log folder that is deleted while it is written to is made again", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: talks, command: "sh -c 'while echo a line; do sleep 0.01; done'", logs: {to: logs/talks.log, format: raw}}\n`,
  );
  const file = join(gonit.folder, "logs/talks.log");
  await gonit.until("it has written", () => existsSync(file));
  rmSync(join(gonit.folder, "logs"), { recursive: true });
  await gonit.until("it is there again", () => existsSync(file) && statSync(file).size > 0);
  assert.equal(gonit.service("talks").state, "ready");
});

test("a control socket that is deleted, with its folder or alone, comes back; a stale one is replaced", async (context) => {
  const gonit = start(context, configuration);
  await gonit.sees(/msg="Service ready".*service=web/);
  const path = join(gonit.folder, "control.sock");
  for (let count = 0; count < 3; count++) {
    rmSync(path);
    await gonit.until("it is there again", () => existsSync(path));
    assert.equal(gonit.client("status").code, 0);
  }
  renameSync(path, `${path}.old`);
  await gonit.until("it is there again", () => existsSync(path));
  assert.equal(gonit.client("status").code, 0);
  await isManaged(gonit);
  // Its file stays when gonit is killed; the next one takes its place.
  const stale = start(context, configuration);
  await stale.sees(/msg="Service ready".*service=web/);
  stale.process.kill("SIGKILL");
  await stale.ended;
  assert.equal(existsSync(join(stale.folder, "control.sock")), true);
  const child = spawn(binary(), ["up", "-f", "config.yml", "--socket", "./control.sock"], {
    cwd: stale.folder,
    stdio: "pipe",
  });
  const next = watch(child);
  afterwards(context, () => child.kill("SIGKILL"));
  await next.sees(/Service ready.*web/);
  child.kill("SIGTERM");
  assert.equal(await next.ended, 0);
});

test("a control socket that goes while there is no manager comes back with the next one", async (context) => {
  const gonit = start(context, configuration, {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: { GONIT_RETRY_MS_MAX: "1", GONIT_HOOK: "recover-reconcile=sleep:300" },
  });
  await gonit.sees(/msg="Service ready".*service=web/);
  const path = join(gonit.folder, "control.sock");
  process.kill(gonit.role("manager"), "SIGKILL");
  rmSync(path);
  await gonit.until("it is there again", () => existsSync(path));
  assert.equal(gonit.client("status").code, 0);
});

test("a file that somebody puts in the control socket's place is told of, and stays when gonit ends", async (context) => {
  const gonit = start(context, configuration);
  await gonit.sees(/msg="Service ready".*service=web/);
  const path = join(gonit.folder, "control.sock");
  writeFileSync(`${path}.mine`, "mine");
  renameSync(`${path}.mine`, path);
  await gonit.sees(/level=warn msg="Another file stands in the control socket's place"/);
  gonit.process.kill("SIGTERM");
  assert.equal(await gonit.ended, 0);
  assert.equal(readFileSync(path, "utf8"), "mine");
});

test("an output that nobody reads holds up who writes to it, and nobody else; nothing of it is lost", async (context) => {
  const lines = 200_000;
  const gonit = start(
    context,
    `services:\n  - {name: talks, command: "sh -c 'seq ${lines}; touch talked; exec sleep 1000'"}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  gonit.process.stdout?.pause();
  await gonit.until("it answers", () => gonit.service("keeper").state === "ready");
  for (let count = 0; count < 5; count++) assert.equal(gonit.client("restart", "keeper").code, 0);
  assert.equal(existsSync(join(gonit.folder, "talked")), false);
  gonit.process.stdout?.resume();
  await gonit.sees(new RegExp(`^talks \\| ${lines}$`, "m"));
  const shown = gonit.stdout().match(/^talks \| \d+$/gm) ?? [];
  assert.deepEqual(
    shown,
    Array.from({ length: lines }, (_, at) => `talks | ${at + 1}`),
  );
});

test("an output whose reader goes away holds up nobody", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: talks, command: "sh -c 'seq 200000; touch talked; exec sleep 1000'"}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  gonit.process.stdout?.destroy();
  await gonit.until("the talker has said it all", () => existsSync(join(gonit.folder, "talked")));
  assert.equal(gonit.client("restart", "keeper").code, 0);
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
});

test("suspended and continued, with all that it started: nothing is taken for dead or late", async (context) => {
  const gonit = start(
    context,
    `${configuration}  - {name: probed, command: sleep 1000, ready: {exec: "true"}, timeout: {start: 5s}}\n`,
  );
  await gonit.sees(/msg="Service ready".*service=web/);
  await gonit.until("probed is ready", () => gonit.service("probed").state === "ready");
  const ours = ["init", "manager", "logger"].map((role) => gonit.role(role as "init"));
  const pids = gonit.status().services.map(({ pid }) => pid);
  const all = [...ours, ...pids.filter((pid) => pid !== null)];
  for (const pid of all) process.kill(pid, "SIGSTOP");
  // Longer than a guard's tick: init looks at its roles each second.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  for (const pid of all.reverse()) process.kill(pid, "SIGCONT");
  assert.deepEqual(
    gonit.status().services.map(({ pid }) => pid),
    pids,
  );
  assert.deepEqual(
    ["init", "manager", "logger"].map((role) => gonit.role(role as "init")),
    ours,
  );
  await isManaged(gonit);
});
