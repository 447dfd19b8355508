/** `gonit events`: what happened, kept over the death of the manager, told to programs as well. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards, binary, type Started, start, watch } from "./gonit.ts";

interface Told {
  seq: number;
  time: string;
  wallMs: number;
  event: string;
  service?: string;
  state?: string;
  was?: string;
  cause?: string;
  verb?: string;
  names?: string[];
  uid?: number;
  command?: string;
  id?: number;
  outcome?: string;
  health?: string;
  code?: number;
  added?: string[];
  removed?: string[];
  changed?: string[];
}

const atOnce = { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } };

const shop = `
title: Shop
services:
  - {name: db, command: sleep 1000, ready: {exec: "true"}}
  - {name: web, command: sleep 1000, depends_on: [db]}
  - {name: broken, command: sh -c "exit 3", restart: no}
`;

function told(gonit: Started, ...words: string[]): Told[] {
  const { code, stdout, stderr } = gonit.client("events", "--json", ...words);
  assert.equal(code, 0, stderr);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Told);
}

function states(events: Told[], service: string): string[] {
  return events
    .filter((one) => one.event === "state-changed" && one.service === service)
    .map(({ state }) => state ?? "");
}

test("events tells states with their causes, requests with who made them, starts and ends", async (context) => {
  const gonit = start(context, shop);
  await gonit.sees(/msg="Service failed".*service=broken/);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  assert.equal(gonit.client("restart", "web").code, 0);
  const events = told(gonit);
  assert.deepEqual(states(events, "db"), ["waiting", "starting", "ready"]);
  assert.deepEqual(states(events, "broken").at(-1), "failed");
  assert.deepEqual(states(events, "web"), ["waiting", "starting", "ready", "stopping", "waiting", "starting", "ready"]);
  const ready = events.find(({ service, state }) => service === "db" && state === "ready");
  assert.equal(ready?.was, "starting");
  assert.equal(ready?.cause, "a probe that succeeds makes the service ready");
  const end = events.find(({ event, service }) => event === "process-ended" && service === "broken");
  assert.equal(end?.code, 3);
  const request = events.find(({ event }) => event === "request-received");
  assert.deepEqual(
    [request?.verb, request?.names, request?.uid, request?.command],
    ["restart", ["web"], process.getuid?.(), "gonit"],
  );
  assert.equal(events.find(({ event, id }) => event === "request-ended" && id === request?.id)?.outcome, "done");
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, at) => at + 1),
  );
  const text = gonit.client("events", "broken").stdout;
  assert.match(text, /Z {2}broken {8}pid \d+ exited 3: /);
  assert.match(text, /-> failed: a failure that the restart policy does not cover/);
  assert.doesNotMatch(text, / web /);
});

test("events: names, numbers and moments choose, and a wrong one is told", async (context) => {
  const gonit = start(context, shop);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  assert.ok(told(gonit, "web").every(({ service, added }) => service === "web" || added?.includes("web")));
  assert.deepEqual(told(gonit, "-n", "2").length, 2);
  assert.deepEqual(told(gonit, "-n", "0"), []);
  assert.equal(told(gonit, "--since", "1h")[0]?.event, "manager-started");
  assert.equal(told(gonit, "--since", "2099-01-01").length, 0);
  const unknown = gonit.client("events", "webb");
  assert.equal(unknown.code, 4);
  assert.match(unknown.stderr, /there is no service webb; did you mean web\?/);
  assert.equal(gonit.client("events", "--since", "yesterday").code, 2);
  assert.equal(gonit.client("events", "-n", "many").code, 2);
});

test("events: what happened before a killed manager is told by the next one, and each event once", async (context) => {
  const gonit = start(context, shop, atOnce);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  await gonit.sees(/msg="Service failed".*service=broken/);
  const before = told(gonit);
  const follower = spawn(gonit.process.spawnfile, [
    "events",
    "-f",
    "-n",
    "1",
    "--json",
    "--socket",
    join(gonit.folder, "control.sock"),
  ]);
  const followed = watch(follower);
  afterwards(context, () => follower.kill("SIGKILL"));
  await followed.sees(/"seq"/);
  for (let life = 2; life <= 4; life++) {
    process.kill(gonit.role("manager"), "SIGKILL");
    await followed.sees(new RegExp(`"event":"manager-started","life":${life}`));
  }
  assert.equal(gonit.client("stop", "web").code, 0);
  await followed.sees(/"service":"web","state":"stopped"/);
  const after = told(gonit, "-n", "1000");
  assert.deepEqual(after.slice(0, before.length), before);
  assert.deepEqual(
    after.map(({ seq }) => seq),
    after.map((_, at) => at + 1),
  );
  const seen = followed
    .stdout()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as Told).seq);
  assert.deepEqual(
    seen,
    Array.from({ length: seen.length }, (_, at) => (seen[0] ?? 0) + at),
  );
});

test("events tells an apply, what it changed, and of services that are gone", async (context) => {
  const gonit = start(context, shop);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const next = join(gonit.folder, "next.yml");
  writeFileSync(
    next,
    "title: Shop\nservices:\n  - {name: db, command: sleep 1000}\n  - {name: new, command: sleep 1000}\n",
  );
  assert.equal(gonit.client("apply", next).code, 0);
  await gonit.until("web is gone", () => gonit.status().services.every(({ name }) => name !== "web"));
  const events = told(gonit);
  const apply = events.find(({ event, verb }) => event === "request-received" && verb === "apply");
  assert.equal(apply?.uid, process.getuid?.());
  const plan = events.filter(({ event }) => event === "plan-loaded").at(-1);
  assert.deepEqual([plan?.added, plan?.changed, plan?.removed], [["new"], ["db"], ["web", "broken"]]);
  assert.ok(states(told(gonit, "web"), "web").includes("stopping"));
});

test("events tells health when it changes, not each answer", async (context) => {
  const health = "{exec: test -e fine, interval: 50ms, start_interval: 10ms, failures: 1, action: none}";
  const gonit = start(
    context,
    `services:\n  - {name: web, command: "sh -c 'touch fine; exec sleep 1000'", health: ${health}}\n`,
  );
  const healths = () => told(gonit, "-n", "1000").filter(({ event }) => event === "health-changed");
  await gonit.until("it is healthy", () => healths().length === 1);
  rmSync(join(gonit.folder, "fine"));
  await gonit.until("it is unhealthy", () => healths().length === 2);
  assert.deepEqual(
    healths().map(({ health }) => health),
    ["healthy", "unhealthy"],
  );
});
