/** Daemons that fork: pid_file and MAINPID=. Which process is taken as the main one, which is not, and what its end is. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, isAlive, type Started, start } from "./gonit.ts";

const daemon = `${children}/forks-as-daemon`;

function daemonOf(keys: string, how = ""): string {
  return `services:\n  - {name: d, command: "${daemon} d.pid ${how}", pid_file: d.pid, ${keys}}\n`;
}

function pidIn(gonit: Started): number {
  return Number(readFileSync(join(gonit.folder, "d.pid"), "utf8"));
}

test("pid_file: ready when it names the daemon, which is the main process then and has an exit code", async (context) => {
  const gonit = start(context, daemonOf("restart: no"));
  await gonit.sees(/msg="Service ready" service=d/);
  const { pid, state } = gonit.service("d");
  assert.equal(state, "ready");
  assert.equal(pid, pidIn(gonit));
  assert.match(gonit.client("why", "d").stdout, /its pid file names a living process of its own/);
  assert.equal(gonit.client("kill", "-s", "USR1", "d").code, 0);
  await gonit.sees(/msg="Service failed" reason="exited 7" service=d/);
});

test("pid_file: stop reaches the daemon, and a restart makes a new one", async (context) => {
  const gonit = start(context, daemonOf("stop: {timeout: 50s}"));
  await gonit.sees(/msg="Service ready" service=d/);
  const first = pidIn(gonit);
  assert.equal(gonit.client("restart", "d").code, 0);
  assert.equal(isAlive(first), false);
  assert.equal(gonit.service("d").pid, pidIn(gonit));
  assert.notEqual(pidIn(gonit), first);
  assert.equal(gonit.client("stop", "d").code, 0);
  await gonit.sees(/msg="Stopped service" code=0 service=d|msg="Stopped service" service=d code=0/);
});

test("pid_file: it is known after a killed manager, and its exit code too", async (context) => {
  const gonit = start(context, daemonOf("restart: no"), {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: { GONIT_RETRY_MS_MAX: "1" },
  });
  await gonit.sees(/msg="Service ready" service=d/);
  const { pid } = gonit.service("d");
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  assert.equal(gonit.service("d").pid, pid);
  assert.equal(gonit.service("d").state, "ready");
  assert.equal(gonit.client("kill", "-s", "USR1", "d").code, 0);
  await gonit.sees(/msg="Service failed" reason="exited 7" service=d/);
});

test("pid_file: a program that stays is no hindrance, nor is one that does not fork", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: stays, command: "${daemon} s.pid stays", pid_file: s.pid}
  - {name: plain, command: "${daemon} p.pid plain", pid_file: p.pid}
`,
  );
  await gonit.sees(/msg="Service ready" service=stays/);
  await gonit.sees(/msg="Service ready" service=plain/);
  assert.equal(gonit.service("stays").pid, Number(readFileSync(join(gonit.folder, "s.pid"), "utf8")));
  assert.equal(gonit.service("plain").pid, Number(readFileSync(join(gonit.folder, "p.pid"), "utf8")));
  assert.equal(gonit.client("stop", "stays", "plain").code, 0);
});

test("ready: exit with a pid file waits for both", async (context) => {
  const gonit = start(context, daemonOf("ready: exit", "late"));
  await gonit.until("the file is waited for", () => gonit.service("d").reason.startsWith("pid_file (it is not there)"));
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/msg="Service ready" service=d/);
  assert.equal(gonit.service("d").pid, pidIn(gonit));
});

/** Content of the file before the daemon writes it, and why it is not taken. */
const refused: { name: string; write: (path: string, gonit: Started) => void; reason: RegExp }[] = [
  { name: "empty", write: (path) => writeFileSync(path, ""), reason: /it is empty/ },
  { name: "half written", write: (path) => writeFileSync(path, "12x"), reason: /it holds no process number/ },
  { name: "huge", write: (path) => writeFileSync(path, "1".repeat(5000)), reason: /it is longer than 4096 bytes/ },
  { name: "out of range", write: (path) => writeFileSync(path, "99999999\n"), reason: /99999999 is no process number/ },
  { name: "zero", write: (path) => writeFileSync(path, "0\n"), reason: /0 is no process number/ },
  { name: "stale", write: (path) => writeFileSync(path, "4194303\n"), reason: /there is no process 4194303/ },
  {
    name: "process 1",
    write: (path) => writeFileSync(path, "1\n"),
    reason: /1 is (the first process of the system|gonit itself)/,
  },
  {
    name: "gonit",
    write: (path, gonit) => writeFileSync(path, `${gonit.role("manager")}\n`),
    reason: /is gonit itself/,
  },
  {
    name: "a stranger",
    write: (path) => writeFileSync(path, `${process.pid}\n`),
    reason: /is no process of this service/,
  },
  {
    name: "another service",
    write: (path, gonit) => writeFileSync(path, `${gonit.service("other").pid}\n`),
    reason: /is no process of this service/,
  },
  { name: "a symbolic link", write: (path, gonit) => symlinkSync(real(gonit), path), reason: /it is a symbolic link/ },
  { name: "a directory", write: (path, gonit) => symlinkSync(gonit.folder, path), reason: /it is no regular file/ },
];

function real(gonit: Started): string {
  const path = join(gonit.folder, "real");
  writeFileSync(path, "4194303\n");
  return path;
}

for (const { name, write, reason } of refused) {
  test(`pid_file: ${name} is refused, and waited on`, async (context) => {
    const gonit = await lateDaemon(context);
    write(join(gonit.folder, "d.pid"), gonit);
    await gonit.until("the reason is told", () => reason.test(gonit.service("d").reason));
    assert.match(
      gonit.client("why", "d").stdout,
      new RegExp(`waits for .*/d.pid to name its main process \\(.*${reason.source}`),
    );
    assert.equal(gonit.service("d").state, "starting");
    writeFileSync(join(gonit.folder, "go"), "");
    await gonit.sees(/msg="Service ready" service=d/);
  });
}

async function lateDaemon(context: TestContext): Promise<Started> {
  const gonit = start(context, `${daemonOf("restart: no", "late")}  - {name: other, command: sleep 1000}\n`);
  await gonit.sees(/msg="Started service".*service=other/);
  await gonit.until("the file is waited for", () => gonit.service("d").reason.startsWith("pid_file (it is not there)"));
  return gonit;
}

test("pid_file: what an earlier start has left is not taken, though its number may be in use again", async (context) => {
  // The number that stands in the file is its own: as if it had been used again.
  const command = `sh -c 'test -e first || { echo $$$$ > d.pid; touch first; exit 3; }; exec ${daemon} d.pid late'`;
  const gonit = start(
    context,
    `services:\n  - {name: d, command: "${command}", pid_file: d.pid, restart: {delay: 10ms}}\n`,
  );
  await gonit.until("it is started again", () => gonit.service("d").restarts === 1);
  await gonit.until("the old file is told", () => /it was there before the start/.test(gonit.service("d").reason));
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/msg="Service ready" service=d/);
});

test("pid_file: nothing left to be named, and a time limit, fail the start with the reason", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: gone, command: "true", pid_file: gone.pid, restart: no}
  - {name: never, command: sleep 1000, pid_file: never.pid, timeout: {start: 300ms}, restart: no}
`,
  );
  await gonit.sees(
    /msg="Service failed" reason="exited 0 before ready: nothing is left of it.*gone.pid to name.*service=gone/,
  );
  await gonit.sees(
    /msg="Service failed" reason="not ready within 300ms: it waits for .*never.pid.*it is not there.*service=never/,
  );
  assert.equal(existsSync(join(gonit.folder, "never.pid")), false);
});
