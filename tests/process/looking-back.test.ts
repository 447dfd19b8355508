/** `gonit status --at` and `gonit logs --since`: what was, as far as gonit remembers. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards, binary, type Started, start, watch } from "./gonit.ts";

interface Past {
  at: string;
  reachesBackTo: string;
  services: { name: string; state: string; shown: string; pid: number | null; detail: string }[];
}

interface Line {
  time: string;
  service: string;
  text: string;
}

/** The time of the newest event that there is of a service's state. */
function timeOf(gonit: Started, service: string, state: string): string {
  const lines = gonit.client("events", "--json", service).stdout.trimEnd().split("\n");
  const found = lines
    .map((line) => JSON.parse(line) as { time: string; state?: string })
    .filter((one) => one.state === state);
  const time = found.at(-1)?.time;
  assert.ok(time !== undefined, `${service} never was ${state}`);
  return time;
}

const shop = `
services:
  - {name: db, command: sleep 1000}
  - {name: web, command: sleep 1000, depends_on: [db]}
`;

test("status --at: the states of all services at a moment, also before a killed manager and of those that are gone", async (context) => {
  const atOnce = { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } };
  const gonit = start(context, shop, atOnce);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const [db, web] = [gonit.service("db").pid, gonit.service("web").pid];
  const up = timeOf(gonit, "web", "ready");
  assert.equal(gonit.client("stop", "web").code, 0);
  const manager = gonit.role("manager");
  process.kill(manager, "SIGKILL");
  await gonit.until("a new manager", () => ![0, manager].includes(gonit.role("manager")));
  const at = (time: string, ...names: string[]) => {
    const { code, stdout, stderr } = gonit.client("status", "--json", "--at", time, ...names);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Past;
  };
  const then = at(up);
  assert.equal(then.at.slice(0, 19), up.slice(0, 19));
  assert.deepEqual(
    then.services.map(({ name, shown, pid }) => [name, shown, pid]),
    [
      ["db", "running", db],
      ["web", "running", web],
    ],
  );
  const now = at("0s");
  assert.deepEqual(
    now.services.map(({ name, state, pid }) => [name, state, pid]),
    [
      ["db", "ready", db],
      ["web", "stopped", null],
    ],
  );
  assert.deepEqual(
    at("0s", "web").services.map(({ name }) => name),
    ["web"],
  );
  const text = gonit.client("status", "--at", up).stdout;
  assert.match(text, /^\S+Z, \d+s ago; the history reaches back to \S+Z\nSERVICE +STATE +PID +SINCE +BECAUSE\n/);
  assert.match(text, /^web +running +\d+ +0s +/m);
  const early = gonit.client("status", "--at", "1d");
  assert.equal(early.code, 1);
  assert.match(early.stderr, /^gonit: cannot tell the states at \S+Z: the history reaches back to \S+Z\n$/);
  assert.equal(gonit.client("status", "--at", "2099-01-01").code, 2);
  assert.equal(gonit.client("status", "--at", "then").code, 2);
});

/** Two services that say a line for each file that they find. */
function talkers(logs: string): string {
  const talk = (own: string): string =>
    `sh -c 'for n in 1 2 3; do while test ! -e ${own}$n; do sleep 0.02; done; echo ${own} $n; done; exec sleep 1000'`;
  return `services:\n  - {name: a, command: "${talk("a")}"${logs}}\n  - {name: b, command: "${talk("b")}"${logs}}\n`;
}

function since(gonit: Started, ...words: string[]): Line[] {
  const { code, stdout, stderr } = gonit.client("logs", "--json", "--since", ...words);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { logs: Line[] }).logs;
}

/** Each speaks when the other one's line is there, so that the order of their lines is known. */
async function speakInTurn(gonit: Started): Promise<void> {
  let said = 0;
  for (const turn of ["a1", "b1", "a2", "b2", "a3", "b3"]) {
    writeFileSync(join(gonit.folder, turn), "");
    said++;
    await gonit.until(`${turn} is said`, () => since(gonit, "1h").length === said);
  }
}

for (const [where, logs] of [
  ["on the console", ", logs: console"],
  ["in files", ", logs: {to: LOG}"],
  ["in files as JSON", ", logs: {to: LOG, format: json}"],
] as const) {
  test(`logs --since merges the lines of services by time: logs ${where}`, async (context) => {
    let count = 0;
    const gonit = start(
      context,
      talkers(logs).replace(/LOG/g, () => `talk-${count++}.log`),
    );
    await gonit.until("both run", () => ["a", "b"].every((name) => gonit.service(name).state === "ready"));
    await speakInTurn(gonit);
    const all = since(gonit, "1h");
    assert.deepEqual(
      all.map(({ service }) => service),
      ["a", "b", "a", "b", "a", "b"],
    );
    assert.deepEqual(
      all.map(({ time }) => time),
      all.map(({ time }) => time).sort(),
    );
    assert.deepEqual(
      since(gonit, "1h", "b").map(({ service }) => service),
      ["b", "b", "b"],
    );
    assert.equal(since(gonit, "1h", "-n", "2").length, 2);
    const middle = all[3]?.time ?? "";
    assert.deepEqual(
      since(gonit, middle),
      all.filter(({ time }) => time >= middle),
    );
    const text = gonit.client("logs", "--since", "1h", "--color", "always").stdout.split("\n");
    assert.match(text[0] ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\u001b\[36ma \| \u001b\[0m/);
    assert.match(text[1] ?? "", /Z {2}\u001b\[33mb \| \u001b\[0m/);
    assert.equal(gonit.client("logs", "--since", "nonsense").code, 2);
  });
}

test("logs -f --since shows what was, merged, and goes on", async (context) => {
  const gonit = start(context, talkers(""));
  await gonit.until("both run", () => ["a", "b"].every((name) => gonit.service(name).state === "ready"));
  await speakInTurn(gonit);
  const socket = join(gonit.folder, "control.sock");
  const follower = spawn(binary(), ["logs", "-f", "--since", "1h", "--socket", socket]);
  const followed = watch(follower);
  afterwards(context, () => follower.kill("SIGKILL"));
  await followed.sees(/b \| b 3/);
  const shown = () =>
    followed
      .stdout()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace(/^\S+Z {2}/, ""));
  assert.deepEqual(shown(), ["a | a 1", "b | b 1", "a | a 2", "b | b 2", "a | a 3", "b | b 3"]);
  assert.equal(gonit.client("restart", "b").code, 0);
  await followed.sees(/b 3[\s\S]*b \| b 3\n/);
  assert.equal(shown().length, 9);
});
