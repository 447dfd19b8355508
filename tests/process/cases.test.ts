/**
 * Trouble that users of other service managers reported, as tests on a laptop. tests/cases.md tells for each case which
 * test proves it: what other files cover is not repeated here.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { servicesOf } from "./aftermath.ts";
import { clientBeside } from "./client-beside.ts";
import { afterwards, binary, children, folderFor, isAlive, runToEnd, type Started, start, watch } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const upIn = (folder: string) => [
  "up",
  "-f",
  join(folder, "config.yml"),
  "--socket",
  join(folder, "control.sock"),
  "--log-format",
  "logfmt",
];
const upHere = ["up", "-f", "config.yml", "--socket", "./control.sock", "--log-format", "logfmt"];

/** What a service writes to files of its folder. */
function textOf(gonit: Started, name: string): string {
  const path = join(gonit.folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

// wardenenv/warden#380
test("an error in a file with CRLF line ends names its line and holds no carriage return", (t) => {
  const run = runToEnd(t, upHere, {
    "config.yml": "services:\r\n  - {name: a, type: task, command: env, env_file: e.env}\r\n",
    "e.env": 'NAME=demo\r\nQUOTED="x y"\r\nEMPTY=\r\nBAD LINE\r\n',
  });
  assert.match(run.text, /e\.env:4:1: the line is no assignment/);
  assert.doesNotMatch(run.text, /\r/);
});

// F1bonacc1/process-compose#120
test("a shell's own variables and $$ are left to the shell", (t) => {
  const run = runToEnd(t, upHere, {
    "config.yml": `environment: {GLOBAL: "5"}\nservices:\n  - {name: a, type: task, shell: true, command: 'echo "$GLOBAL $LOCAL $$ \${NOPE:-dflt}"', environment: {LOCAL: "7"}}\n`,
  });
  assert.match(run.text, /^a \| 5 7 [0-9]+ dflt$/m);
});

// FedericoPonzi/Horust#121
test("the signal that a service died of is told until it is up again, and by why after that", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: late, command: sleep 1000, restart: {delay: 1h}}\n  - {name: soon, command: sleep 1000, restart: {policy: always, delay: 10ms}}\n`,
  );
  for (const name of ["late", "soon"]) await gonit.sees(new RegExp(`msg="Started service".*service=${name}`));
  for (const signal of ["SIGABRT", "SIGTERM"] as const) {
    const { pid } = gonit.service("soon");
    process.kill(pid ?? 0, signal);
    await gonit.until("it is back", () => ![null, pid].includes(gonit.service("soon").pid));
    assert.match(gonit.client("why", "soon").stdout, new RegExp(`process-exited: .*${signal}`));
  }
  process.kill(gonit.service("late").pid ?? 0, "SIGKILL");
  await gonit.until("its end is seen", () => gonit.service("late").state === "backing-off");
  assert.match(gonit.service("late").reason, /ended by SIGKILL/);
});

// systemd/systemd#37407
test("a reload signal is not sent to a program that does not handle it", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: deaf, command: sleep 1000, reload: HUP}
  - {name: ready, command: sh -c "trap 'echo reloaded' HUP; echo up; while :; do sleep 0.05; done", ready: {log: up}, reload: HUP}
  - {name: late, shell: true, command: "while ! [ -e go ]; do sleep 0.05; done; echo >&3; exec 3>&-; exec sleep 1000", ready: {fd: 3}, reload: HUP}
`,
  );
  for (const name of ["deaf", "ready"]) await gonit.sees(new RegExp(`msg="Started service".*service=${name}`));
  await gonit.until("all run", () => gonit.service("ready").state === "ready" && gonit.service("late").pid !== null);
  const pids = ["deaf", "ready", "late"].map((name) => gonit.service(name).pid);
  const refused = gonit.client("reload", "ready", "deaf");
  assert.equal(refused.code, 1);
  assert.match(
    refused.stdout,
    /^deaf: running \(pid \d+\): does not handle SIGHUP; .*\nready: reloaded \(pid \d+\)\n$/,
  );
  assert.match(refused.stderr, /deaf does not handle SIGHUP; change its reload:.*gonit restart deaf/);
  await gonit.sees(/ready \| reloaded/);
  // It is not known before it is ready whether it will handle the signal.
  const late = clientBeside(gonit, "reload", "late");
  await gonit.until("it waits", () => gonit.client("why").stdout.includes("late to have reloaded"));
  writeFileSync(join(gonit.folder, "go"), "");
  assert.equal((await late).code, 1);
  assert.match((await late).text, /late does not handle SIGHUP/);
  await gonit.sees(/msg="Reload failed" reason="pid \d+ does not handle SIGHUP" service=late/);
  assert.deepEqual(
    ["deaf", "ready", "late"].map((name) => gonit.service(name).pid),
    pids,
  );
  assert.equal(gonit.output().match(/ready \| reloaded/g)?.length, 1);
});

// davmac314/dinit#300
test("what else a restart or a stop touches is told before it happens", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: a, command: sleep 1000}\n  - {name: b, command: sleep 1000, depends_on: [a]}\n`,
  );
  await gonit.until("both run", () => gonit.service("b").state === "ready");
  const { pid } = gonit.service("b");
  const restarted = gonit.client("restart", "a");
  assert.equal(restarted.code, 0);
  assert.match(restarted.stdout, /^b needs it and is stopped first, started again after\na: restarted/);
  await gonit.until("b is back", () => ![null, pid].includes(gonit.service("b").pid));
  const stopped = gonit.client("stop", "a");
  assert.match(stopped.stdout, /^b needs it and is stopped first, waiting until it is back\n/);
});

// systemd/systemd#37407
test("a reload signal waits until the service is ready, and reaches its main process alone", async (context) => {
  const script = `while ! [ -e go ]; do sleep 0.02; done; trap 'echo reloaded' HUP; sleep 1000 & echo $! > worker; echo >&3; while :; do wait; done`;
  const gonit = start(
    context,
    `services:\n  - {name: a, command: ["sh", "-c", ${JSON.stringify(script.replaceAll("$", "$$$$"))}], ready: {fd: 3}, reload: HUP}\n`,
  );
  await gonit.sees(/msg="Started service".*service=a/);
  const { pid } = gonit.service("a");
  assert.equal(gonit.client("reload", "--no-wait", "a").code, 0);
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/a \| reloaded/);
  assert.equal(gonit.client("reload", "a").code, 0);
  await gonit.sees(/a \| reloaded[\s\S]*a \| reloaded/);
  assert.equal(gonit.service("a").pid, pid);
  assert.equal(isAlive(Number(textOf(gonit, "worker"))), true);
});

// docker/compose#11123
test("the first Ctrl-C says how to force and lets services finish, the second kills; the terminal is as before", async (t) => {
  const folder = folderFor(t);
  const loop = "echo up; while :; do sleep 0.02; done";
  writeFileSync(
    join(folder, "config.yml"),
    `services:
  - {name: a, shell: true, command: "trap '' TERM INT; ${loop}", ready: {log: up}, stop: {timeout: 10m}}
  - {name: b, shell: true, command: "trap 'echo clean; exit' TERM; ${loop}", ready: {log: up}, after: [a], stop: {timeout: 10m}}
`,
  );
  const { code, output } = await playTerminal(
    t,
    folder,
    [binary(), ...upIn(folder)],
    [
      'expect msg="Service ready" service=b',
      String.raw`send \x03`,
      'expect msg="Ctrl-C once more kills what is left"',
      'expect msg="Stopped service" code=0 service=b',
      String.raw`send \x03`,
    ],
  );
  assert.equal(code, 130, output);
  assert.match(output, /b \|\S* clean/);
  assert.match(output, /msg="Stopped service" service=a signal=SIGKILL/);
  assert.match(output, /modes: restored/);
});

// DarthSim/overmind#50
test("a terminal that is closed stops everything, and the next start succeeds", async (t) => {
  const folder = folderFor(t);
  writeFileSync(
    join(folder, "config.yml"),
    `services:\n  - {name: a, command: sleep 1000}\n  - {name: b, command: ${children}/setsid-away 3, ready: {log: away}, after: [a]}\n`,
  );
  for (let round = 0; round < 2; round++) {
    const played = await playTerminal(
      t,
      folder,
      [binary(), ...upIn(folder)],
      ['expect msg="Service ready" service=b', "hangup"],
    );
    assert.notEqual(played.code, 124, played.output);
    assert.deepEqual(servicesOf(join(folder, "control.sock")), []);
    assert.equal(existsSync(join(folder, "control.sock")), false);
  }
});

// phusion/baseimage-docker#506
test("a service is shown as stopping until its process is gone", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: int, shell: true, command: "trap '' INT; echo up; while :; do sleep 0.02; done", ready: {log: up}, stop: {signal: INT, timeout: 500ms}}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.sees(/msg="Service ready" service=int/);
  const pid = gonit.service("int").pid ?? 0;
  const stop = clientBeside(gonit, "stop", "int");
  await gonit.sees(/msg="Stopping service"/);
  await gonit.until("it is stopped", () => {
    const { state } = gonit.service("int");
    if (state === "stopped") assert.equal(isAlive(pid), false);
    else assert.equal(state, "stopping");
    return state === "stopped";
  });
  assert.equal((await stop).code, 0);
  await gonit.sees(
    /msg="Killing service" after=0\.5s service=int\n[\s\S]*msg="Stopped service" service=int signal=SIGKILL/,
  );
  assert.equal(gonit.service("int").reason, "stop was asked for; killed after 500ms");
});

// F1bonacc1/process-compose#520
test("a stop is not over when the main process is gone and its child is not", async (context) => {
  const script = "trap 'exit 0' TERM; (trap '' TERM; echo up; while :; do sleep 0.02; done) & wait";
  const gonit = start(
    context,
    `services:\n  - {name: a, shell: true, command: "${script}", ready: {log: up}, stop: {timeout: 300ms}}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.sees(/msg="Service ready" service=a/);
  assert.equal(gonit.client("stop", "a").code, 0);
  assert.deepEqual(servicesOf(join(gonit.folder, "control.sock")), [gonit.service("keeper").pid]);
  await gonit.sees(/msg="Killing service" after=0\.3s service=a\n[\s\S]*msg="Stopped service" code=0 service=a/);
  const { reason } = gonit.service("a");
  assert.match(reason, /^stop was asked for; \d process(es)? that it left killed after 300ms$/);
});

// jdx/pitchfork#886
test("what gonit was started with open reaches no service and no probe, and is closed when it is killed", async (t) => {
  const folder = folderFor(t);
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address() as { port: number };
  const listener = (server as unknown as { _handle: { fd: number } })._handle.fd;
  writeFileSync(
    join(folder, "config.yml"),
    `services:
  - {name: a, type: task, command: ls -l /proc/self/fd, logs: {to: a.log, format: raw}}
  - {name: b, command: ${children}/ignores-sigterm, ready: {exec: sh -c "ls /proc/self/fd > probe"}, after: [a], stop: {timeout: 100ms}}
`,
  );
  const up = (stdio: ("ignore" | "pipe" | number)[]) => {
    const child = spawn(binary(), upIn(folder), { cwd: folder, stdio: stdio as "pipe"[] });
    const watched = watch(child);
    afterwards(t, async () => {
      child.kill();
      await watched.ended;
    });
    return { child, ...watched };
  };
  const first = up(["ignore", "pipe", "pipe", listener, ...Array<"pipe">(40).fill("pipe")]);
  const closed = first.child.stdio.slice(4).map((stream) => new Promise((resolve) => stream?.once("close", resolve)));
  for (const stream of first.child.stdio.slice(4)) (stream as NodeJS.ReadableStream).resume();
  await first.sees(/msg="Service ready".*service=b/);
  const [pid = 0] = servicesOf(join(folder, "control.sock")).filter((one) =>
    readFileSync(`/proc/${one}/cmdline`, "utf8").includes("ignores-sigterm"),
  );
  assert.equal(readFileSync(join(folder, "a.log"), "utf8").match(/ -> /g)?.length, 4);
  assert.equal(readFileSync(join(folder, "probe"), "utf8"), "0\n1\n2\n3\n");
  // It outlives a gonit that is killed, and keeps nothing open of what gonit had.
  afterwards(t, () => isAlive(pid) && process.kill(pid, "SIGKILL"));
  first.child.kill("SIGKILL");
  await first.ended;
  assert.equal(isAlive(pid), true);
  const next = up(["ignore", "pipe", "pipe"]);
  await Promise.all(closed);
  await new Promise((resolve) => server.close(resolve));
  const again = createServer().listen(address.port, "127.0.0.1");
  await new Promise((resolve, reject) => again.once("listening", resolve).once("error", reject));
  again.close();
  await next.sees(/msg="Service ready".*service=b/);
});
