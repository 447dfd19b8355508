import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, children, folderFor, isAlive, start } from "./gonit.ts";

const kills = 40;
/** A role that ends again and again is started later each time; a test cannot wait for that. */
const atOnce = { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } };

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
  await gonit.until("both run", () => ["steady", "writer"].every((name) => gonit.service(name).pid !== null));
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
    { endsRoles: true },
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

for (const { between, isStored } of [
  { between: "one after the other", isStored: false },
  { between: "with a snapshot in between", isStored: true },
]) {
  test(`what was replied while nobody listened is not asked for again: two managers die, ${between}`, async (context) => {
    const gonit = start(
      context,
      `
services:
  - {name: slow, shell: true, command: "echo run >> runs; trap 'until [ -e go ]; do sleep 0.02; done; exit 0' TERM; echo up; while :; do sleep 0.02; done", ready: {log: up}}
  - {name: other, command: sleep 1000}
`,
      { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
    );
    await gonit.sees(/msg="Service ready" service=slow/);
    const { spawn } = await import("node:child_process");
    const client = spawn(binary(), ["restart", "--socket", join(gonit.folder, "control.sock"), "slow"]);
    const code = new Promise<number | null>((resolve) => client.on("close", resolve));
    await gonit.sees(/msg="Stopping service".*service=slow/);
    // It was told that its request is accepted, and comes back for the reply when all is over.
    client.kill("SIGSTOP");
    const killed = async () => {
      const manager = gonit.role("manager");
      process.kill(manager, "SIGKILL");
      await gonit.until("a new manager", () => ![0, manager].includes(gonit.role("manager")));
    };
    await killed();
    writeFileSync(join(gonit.folder, "go"), "");
    const runs = () => readFileSync(join(gonit.folder, "runs"), "utf8");
    await gonit.until("slow runs again", () => runs() === "run\nrun\n" && gonit.service("slow").state === "ready");
    if (isStored) {
      writeFileSync(join(gonit.folder, "config.yml"), "services:\n  - {name: other, command: sleep 1000}\n");
      assert.equal(gonit.client("apply").code, 0);
    }
    await killed();
    client.kill("SIGCONT");
    assert.equal(await code, 0);
    assert.equal(runs(), "run\nrun\n");
  });
}

/** Every place at which a manager can die in a turn; signs of readiness and exits are on their way meanwhile. */
const places = ["before-append", "after-append", "before-effects", "done"].flatMap((where) =>
  [1, 2, 3, 4, 5, 6].map((pass) => ({ hook: `turn-${where}`, pass })),
);

for (const { hook, pass } of places) {
  test(`a manager that dies at pass ${pass} of ${hook} starts nothing twice and forgets no answer`, async (context) => {
    const once = join(folderFor(context), "once");
    writeFileSync(once, "");
    const ran = (name: string) => `sh -c 'echo ${name} >> ran'`;
    const gonit = start(
      context,
      `
services:
  - {name: told, command: "sh -c 'echo told >> ran; exec ${children}/notifies-ready'", ready: notify, pre_start: [ "${ran("before")}" ]}
  - {name: lined, command: "sh -c 'echo lined >> ran; echo ready >&3; exec 3>&-; exec sleep 1000'", ready: {fd: 3}}
  - {name: once, type: task, command: "${ran("once")}"}
  - {name: broken, command: ./missing}
  - {name: last, command: "sh -c 'echo last >> ran; exec sleep 1000'", depends_on: [told, lined, once]}
`,
      {
        endsRoles: true,
        binary: binary("GONIT_HOOKS_BINARY"),
        environment: { GONIT_RETRY_MS_MAX: "1", GONIT_HOOK: `${hook}=kill@${pass}`, GONIT_HOOK_ONCE: once },
      },
    );
    await gonit.sees(/msg="Started service".*service=last/);
    assert.equal(existsSync(once), false, "the manager did not die");
    const shown = () => gonit.status().services.map(({ name, state }) => `${name} ${state}`);
    // Its answer comes on its own, be it before or behind the others'.
    await gonit.until("broken has failed", () => shown().includes("broken failed"));
    assert.deepEqual(shown().sort(), ["broken failed", "last ready", "lined ready", "once done", "told ready"]);
    // Started is a shell before it has written its line.
    const lines = () => readFileSync(join(gonit.folder, "ran"), "utf8").trim().split("\n").sort();
    await gonit.until("last has run", () => lines().includes("last"));
    assert.deepEqual(lines(), ["before", "last", "lined", "once", "told"]);
  });
}

/** On these rungs of the ladder (src/runtime/recover.ts) events, or all of the state, are lost. */
for (const rung of [3, 4]) {
  test(`rung ${rung} of the recovery starts nothing twice, and goes on with what lives`, async (context) => {
    const failing = Array.from({ length: rung - 1 }, (_, at) => `recover-rung-${at + 1}=abort`);
    const gonit = start(
      context,
      `
services:
  - {name: steady, command: sh -c 'echo steady >> ran; exec sleep 1000'}
  - {name: needy, command: sh -c 'echo needy >> ran; exec sleep 1000', depends_on: [steady], restart: {delay: 0s}}
  - {name: late, command: sh -c 'echo late >> ran; exec sleep 1000', enabled: false}
  - {name: prepared, command: sh -c 'exec sleep 1000', pre_start: [sh -c 'echo before >> ran']}
`,
      {
        endsRoles: true,
        binary: binary("GONIT_HOOKS_BINARY"),
        environment: { GONIT_RETRY_MS_MAX: "1", GONIT_HOOK: failing.join(",") },
      },
    );
    await gonit.sees(/msg="Started service".*service=prepared/);
    // Starts that no snapshot knows.
    assert.equal(gonit.client("restart", "steady").code, 0);
    assert.equal(gonit.client("start", "late").code, 0);
    await gonit.until("needy is back", () => gonit.service("needy").state === "ready");
    const names = ["steady", "needy", "late", "prepared"];
    const pids = names.map((name) => gonit.service(name).pid);
    const ran = readFileSync(join(gonit.folder, "ran"), "utf8");
    process.kill(gonit.role("manager"), "SIGKILL");
    await gonit.sees(new RegExp(`msg="Manager is back".*rung=${rung}`));
    await gonit.until("control answers", () => gonit.client("status").stdout.includes("steady"));
    assert.deepEqual(
      names.map((name) => `${name} ${gonit.service(name).state}`),
      names.map((name) => `${name} ready`),
    );
    assert.deepEqual(
      names.map((name) => gonit.service(name).pid),
      pids,
    );
    assert.equal(readFileSync(join(gonit.folder, "ran"), "utf8"), ran);
    // They are managed as before.
    process.kill(pids[1] ?? 0, "SIGKILL");
    await gonit.until("needy is started again", () => ![null, pids[1]].includes(gonit.service("needy").pid));
    assert.equal(gonit.client("stop", "steady").code, 0);
    assert.equal(isAlive(pids[0] ?? 0), false);
    assert.equal(gonit.client("shutdown").code, 0);
    assert.equal(await gonit.ended, 0);
    for (const pid of pids) assert.equal(isAlive(pid ?? 0), false);
  });
}

test("the last rung leaves services alone; status and shutdown are served", async (context) => {
  const gonit = start(context, "services:\n  - {name: steady, command: sleep 1000}\n", {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: {
      GONIT_RETRY_MS_MAX: "1",
      GONIT_HOOK: [1, 2, 3, 4].map((rung) => `recover-rung-${rung}=abort`).join(","),
    },
  });
  await gonit.sees(/msg="Started service".*service=steady/);
  const { pid } = gonit.service("steady");
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back".*rung=5/);
  await gonit.until("control answers", () => gonit.client("status").code !== -1 && gonit.role("manager") !== 0);
  assert.equal(isAlive(pid ?? 0), true);
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  assert.equal(isAlive(pid ?? 0), false);
});

test("an event that ends the manager each time is set aside, and all else is managed", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: poison, command: "${process.env.GONIT_CHILDREN}/notifies-ready", ready: notify}
  - {name: other, command: sleep 1000}
`,
    {
      endsRoles: true,
      binary: binary("GONIT_HOOKS_BINARY"),
      environment: { GONIT_HOOK: "step-notify-received=abort" },
    },
  );
  await gonit.sees(/event that ended the manager|set aside/);
  await gonit.until("control answers", () => gonit.client("status", "other").code === 0);
  assert.equal(gonit.client("restart", "other").code, 0);
  assert.equal(gonit.service("other").state, "ready");
});

for (const [where, action] of [
  ["in the engine", "loop"],
  ["where no script can be interrupted", "spin"],
]) {
  test(`an event that makes the manager loop for ever ${where} is set aside, and all else is managed`, async (context) => {
    const gonit = start(
      context,
      `
services:
  - {name: poison, command: "${children}/notifies-ready", ready: notify}
  - {name: other, command: sleep 1000}
`,
      {
        endsRoles: true,
        binary: binary("GONIT_HOOKS_BINARY"),
        environment: { GONIT_RETRY_MS_MAX: "1", GONIT_HOOK: `step-notify-received=${action}` },
      },
    );
    await gonit.sees(/An event that ended the manager was set aside/);
    await gonit.until("control answers", () => gonit.client("status", "other").code === 0);
    assert.equal(gonit.client("restart", "other").code, 0);
    assert.equal(gonit.service("other").state, "ready");
  });
}

test("init comes back from 1,000 faults of its own with its children", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: steady, command: sleep 1000}
  - {name: restless, command: sleep 0.02, restart: {policy: always, delay: 5ms, backoff: 1, jitter: 0}}
`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_FAULTS_MAX: "1000000" } },
  );
  await gonit.sees(/msg="Started service".*service=steady/);
  const steady = gonit.service("steady").pid;
  const signals = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"] as const;
  for (let count = 0; count < 1000; count++) {
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
    { endsRoles: true },
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
