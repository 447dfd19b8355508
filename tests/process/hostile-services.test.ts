/** Services that behave badly: each is contained, explained, and stopped with all that it made; the others go on. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { servicesOf } from "./aftermath.ts";
import { children, commandLine, isAlive, memoryOf, type Started, start } from "./gonit.ts";

/** Living processes whose first word is that program of tests/children, of this gonit's services. */
function running(gonit: Started, program: string): number[] {
  return servicesOf(join(gonit.folder, "control.sock")).filter((pid) =>
    commandLine(pid).startsWith(join(children, program)),
  );
}

function pidSaid(gonit: Started, word: string): number {
  return Number(new RegExp(`\\b${word} (\\d+)`).exec(gonit.output())?.[1]);
}

const escapes: { name: string; program: string; ready: string; dies?: boolean }[] = [
  { name: "a process in a session of its own", program: "setsid-away 3", ready: "away" },
  { name: "a process in a group of its own", program: "leads-a-group", ready: "away" },
  { name: "a chain of processes that never lives for long", program: "forks-on", ready: "ready" },
  { name: "processes that make each other again", program: "forks-without-end 50", ready: "ready" },
];

for (const { name, program, ready } of escapes) {
  test(`${name} ends with the service`, async (context) => {
    const gonit = start(
      context,
      `services:\n  - {name: bad, command: "${children}/${program}", stop: {timeout: 200ms}, ready: {log: ${ready}}}\n  - {name: keeper, command: sleep 1000}\n`,
    );
    await gonit.sees(/msg="Service ready" service=bad/);
    assert.equal(gonit.client("stop", "bad").code, 0);
    assert.deepEqual(running(gonit, program.split(" ")[0] ?? ""), []);
    assert.equal(gonit.service("bad").state, "stopped");
    assert.equal(gonit.service("keeper").state, "ready");
  });
}

test("a program that becomes a daemon is told of, and its daemon ends with the service", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: bad, command: "${children}/forks-twice daemon.pid", restart: always}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.sees(/msg="Started service".*service=bad/);
  const first = () => Number(readFileSync(join(gonit.folder, "daemon.pid"), "utf8"));
  await gonit.until("the daemon runs", () => existsSync(join(gonit.folder, "daemon.pid")) && first() > 0);
  const daemon = first();
  // Its main process ended: what it left must be gone before it starts again.
  await gonit.until("it is started again", () => gonit.service("bad").restarts > 0);
  assert.equal(isAlive(daemon), false);
  assert.equal(gonit.client("stop", "bad").code, 0);
  assert.deepEqual(running(gonit, "forks-twice"), []);
});

test("a service that ends at once for ever starts ever later, and is quiet about it", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: bad, command: "false", restart: {policy: always, delay: 1ms, backoff: 1, jitter: 0}}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.until("it was started 30 times", () => gonit.service("bad").restarts >= 30);
  assert.match(gonit.client("why", "bad").stdout, /exited 1/);
  assert.equal(gonit.client("restart", "keeper").code, 0);
  const told = gonit.output().match(/service=bad/g)?.length ?? 0;
  const { restarts } = gonit.service("bad");
  assert.ok(told < 3 * restarts, `${told} messages about ${restarts} restarts`);
  assert.equal(gonit.client("stop", "bad").code, 0);
});

test("a flood of output neither grows gonit nor delays it, and its file stays in its bound", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: bad, command: "yes a line of a flood that does not end", logs: {to: flood.log, max_size: 100K, keep: 2}}
  - {name: worse, command: sh -c "exec tr '\\\\0' x < /dev/zero", logs: {to: one-line.log, max_size: 100K, keep: 2}}
  - {name: keeper, command: sleep 1000}
`,
  );
  await gonit.until(
    "it has rotated",
    () => existsSync(join(gonit.folder, "flood.log.2")) && existsSync(join(gonit.folder, "one-line.log.2")),
  );
  const before = ["manager", "logger", "init"].map((name) => memoryOf(gonit.role(name as "init")).pssKib);
  for (let count = 0; count < 10; count++) assert.equal(gonit.client("restart", "keeper").code, 0);
  const after = ["manager", "logger", "init"].map((name) => memoryOf(gonit.role(name as "init")).pssKib);
  for (const [at, pssKib] of after.entries()) assert.ok(pssKib < (before[at] ?? 0) + 4096, `${before} to ${after} KiB`);
  assert.equal(gonit.client("stop", "bad", "worse").code, 0);
  const files = readdirSync(gonit.folder).filter((name) => name.includes(".log"));
  const bytes = files.reduce((sum, name) => sum + statSync(join(gonit.folder, name)).size, 0);
  assert.ok(bytes < 2 * 3 * 120_000, `${bytes} bytes in ${files.join(" ")}`);
});

test("a line of 10 MiB, bytes that are no text, and an output that is closed", async (context) => {
  const long = 10 * 1024 * 1024;
  const gonit = start(
    context,
    `services:
  - {name: long, type: task, command: "${children}/writes-long-line ${long}", logs: {to: long.log, format: raw, max_size: 20M}}
  - {name: binary, type: task, command: ${children}/writes-binary, logs: {to: binary.log, format: raw}}
  - {name: shown, type: task, command: ${children}/writes-binary}
  - {name: closed, command: ${children}/closes-output, logs: {to: closed.log, format: raw}}
`,
  );
  await gonit.until("the tasks are done", () =>
    ["long", "binary", "shown"].every((name) => gonit.service(name).state === "done"),
  );
  const read = (name: string) => readFileSync(join(gonit.folder, name));
  await gonit.until("all is written", () => statSync(join(gonit.folder, "long.log")).size >= long + 5);
  // The line limit cuts what is shown; a raw file has every byte, with line ends where it was cut.
  const letters = read("long.log").toString().replaceAll("\n", "");
  assert.equal(letters.length, long + "end".length);
  const bytes = read("binary.log");
  assert.deepEqual(
    [...bytes.subarray(0, 256)],
    Array.from({ length: 256 }, (_, byte) => byte),
  );
  assert.match(bytes.toString("latin1"), /\xc3\x28 bad\n\x1b\[31mred\x1b\[0m\r\nlast without end$/);
  assert.match(gonit.client("logs", "shown").stdout, /last without end/);
  assert.equal(gonit.service("closed").state, "ready");
  assert.equal(read("closed.log").toString(), "closing\n");
});

test("a process that holds its log pipe open after the service's end loses no line, and ends", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: bad, command: sh -c "(trap '' TERM; sleep 0.2; echo late; exec sleep 1000) & exit 0", stop: {timeout: 500ms}, logs: {to: bad.log, format: raw}}
  - {name: keeper, command: sleep 1000}
`,
  );
  await gonit.until(
    "it has ended with all",
    () => gonit.service("bad").state === "done" || gonit.service("bad").state === "stopped",
  );
  assert.equal(readFileSync(join(gonit.folder, "bad.log"), "utf8"), "late\n");
});

test("a service that stops itself is shown as it is, and can be stopped and continued", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: bad, command: ${children}/stops-itself, stop: {timeout: 5s}}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.sees(/stopping \d+/);
  const pid = pidSaid(gonit, "stopping");
  await gonit.until("it is stopped", () => / T /.test(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/, "")));
  assert.equal(gonit.client("kill", "-s", "CONT", "bad").code, 0);
  await gonit.sees(/continued/);
  process.kill(pid, "SIGSTOP");
  // SIGTERM waits for it to go on; the stop sends SIGCONT along.
  assert.equal(gonit.client("stop", "bad").code, 0);
  assert.match(gonit.output() + gonit.client("status", "bad").stdout, /stopped/);
  assert.equal(isAlive(pid), false);
});
