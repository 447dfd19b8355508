import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, isAlive, start } from "./gonit.ts";

const kills = 40;
/** A role that ends again and again is started later each time; a test cannot wait for that. */
const atOnce = { binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } };

test("manager and logger killed in turn: pids stay, no exit and no line is lost or doubled", async (context) => {
  const gonit = start(
    context,
    `
services:
  - name: writer
    command: sh -c 'n=0; while [ $n -lt 4000 ]; do n=$((n+1)); echo line $n; done; touch written; exec sleep 1000'
    logs: {to: out.log, format: raw}
  - {name: steady, command: sleep 1000}
  - {name: restless, command: sleep 0.03, restart: {policy: always, delay: 10ms, backoff: 1, jitter: 0}}
`,
    atOnce,
  );
  await gonit.sees(/msg="Started service".*service=steady/);
  const steady = gonit.service("steady").pid ?? 0;
  const writer = gonit.service("writer").pid ?? 0;
  for (let count = 0; count < kills; count++) {
    const role = count % 2 === 0 ? "manager" : "logger";
    const pid = gonit.role(role);
    process.kill(pid, "SIGKILL");
    await gonit.until(`a new ${role}`, () => ![0, pid].includes(gonit.role(role)));
    if (role === "manager") assert.equal(gonit.service("steady").pid, steady);
    if (count % 6 === 0) assert.equal(gonit.client("restart", "restless").code, 0);
  }
  assert.equal(gonit.service("writer").pid, writer);
  await gonit.until("all lines are written", () => readLines(gonit.folder).length >= 4000);
  const lines = readLines(gonit.folder);
  assert.deepEqual(
    lines,
    Array.from({ length: 4000 }, (_, at) => `line ${at + 1}`),
  );
  const before = gonit.service("restless").restarts;
  await gonit.until("restless goes on", () => gonit.service("restless").restarts > before + 2);
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  for (const pid of [steady, writer]) assert.equal(isAlive(pid), false);
});

function readLines(folder: string): string[] {
  try {
    return readFileSync(join(folder, "out.log"), "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}

test("a manager stopped by a signal is no end; a request that waits is answered by the next manager", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: slow, command: "sh -c 'trap \\"sleep 0.5; exit 0\\" TERM; echo up; while :; do sleep 0.05; done'", ready: {log: up}}
  - {name: other, command: sleep 1000}
`,
  );
  await gonit.sees(/msg="Service ready" service=slow/);
  const { spawn } = await import("node:child_process");
  const client = spawn(binary(), ["stop", "--socket", join(gonit.folder, "control.sock"), "slow"]);
  let text = "";
  client.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  const code = new Promise<number | null>((resolve) => client.on("close", resolve));
  await gonit.sees(/msg="Stopping service".*service=slow/);
  process.kill(gonit.role("manager"), "SIGKILL");
  assert.equal(await code, 0);
  assert.match(text, /^slow: stopped/);
});

test("an event that ends the manager each time is set aside, and all else is managed", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: poison, command: "${process.env.GONIT_CHILDREN}/notifies-ready", ready: notify}
  - {name: other, command: sleep 1000}
`,
    { binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_HOOK: "step-notify-received=abort" } },
  );
  await gonit.sees(/event that ended the manager|set aside/);
  await gonit.until("control answers", () => gonit.client("status", "other").code === 0);
  assert.equal(gonit.client("restart", "other").code, 0);
  assert.equal(gonit.service("other").state, "ready");
});

test("init comes back from 100 faults of its own with its children", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: steady, command: sleep 1000}
  - {name: restless, command: sleep 0.02, restart: {policy: always, delay: 5ms, backoff: 1, jitter: 0}}
`,
    { binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_FAULTS_MAX: "1000000" } },
  );
  await gonit.sees(/msg="Started service".*service=steady/);
  const steady = gonit.service("steady").pid;
  const signals = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"] as const;
  for (let count = 0; count < 100; count++) {
    const life = count + 2;
    process.kill(gonit.role("init"), signals[count % signals.length]);
    await gonit.sees(new RegExp(`msg="init is back after a fault of its own" life=${life}\\b`));
  }
  assert.equal(gonit.service("steady").pid, steady);
  const before = gonit.service("restless").restarts;
  await gonit.until("exits are still taken", () => gonit.service("restless").restarts > before + 3);
});

test("lines that were printed before the manager was killed are still shown, also of a service that has ended", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: talker, command: "sh -c 'echo before the kill; exec sleep 1000'"}
  - {name: apart, command: "sh -c 'echo to stderr >&2; exec sleep 1000'", logs: {to: apart.log, stderr: separate}}
  - {name: ended, type: task, command: echo its last word}
`,
  );
  for (const line of ["talker | before the kill", "ended | its last word"]) await gonit.sees(new RegExp(line));
  await gonit.until("the task is done", () => gonit.service("ended").state === "done");
  const shown = () => ["talker", "apart", "ended"].map((name) => gonit.client("logs", name).stdout);
  await gonit.until("all is stored", () => shown()[1]?.includes("to stderr") === true);
  const before = shown();
  const pid = gonit.role("manager");
  process.kill(pid, "SIGKILL");
  await gonit.until("a new manager", () => ![0, pid].includes(gonit.role("manager")));
  assert.match(before[0] ?? "", /before the kill/);
  assert.match(before[2] ?? "", /its last word/);
  assert.deepEqual(shown(), before);
});
