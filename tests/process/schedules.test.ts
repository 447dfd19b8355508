/** Scheduled tasks of a real gonit: that they run, do not overlap, are shown and explained, and run by hand. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderFor, type Started, start } from "./gonit.ts";

interface ScheduleView {
  schedule: { text: string; timezone: string; nextWallMs: number | null; next: string; last: string; skipped: number };
}

function scheduleOf(gonit: Started, name: string): ScheduleView["schedule"] {
  return (gonit.service(name) as unknown as ScheduleView).schedule;
}

/** The whole words that a test's child has written. */
function wordsOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split(/\s+/) : [];
}

test("C50: a run that takes longer than its interval is not overlapped, and what is left out is counted", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: j
    schedule: every 1s
    shell: true
    command: "mkdir lock || echo OVERLAP >> bad; sleep 2.5; rmdir lock; echo run >> runs"
`,
  );
  await gonit.until("three runs", () => wordsOf(join(gonit.folder, "runs")).length >= 3);
  assert.equal(existsSync(join(gonit.folder, "bad")), false);
  // At least one time came in each of the runs that are over.
  assert.ok(scheduleOf(gonit, "j").skipped >= 3, JSON.stringify(scheduleOf(gonit, "j")));
  assert.match(gonit.client("status", "j").stdout, /skipped {3}\d+ times, while the last run went on/);
});

test("C50: with overlap: replace the old run has ended completely before the new one begins", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: j
    schedule: every 1s
    overlap: replace
    shell: true
    command: "mkdir lock || echo OVERLAP >> bad; trap 'sleep 0.3; rmdir lock; exit 0' TERM; echo begun >> runs; while :; do sleep 0.05; done"
`,
  );
  await gonit.until("three runs", () => wordsOf(join(gonit.folder, "runs")).length >= 3);
  assert.equal(existsSync(join(gonit.folder, "bad")), false);
});

test("with overlap: queue a time that comes in a run is made up for at its end", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: j
    schedule: every 2s
    overlap: queue
    shell: true
    command: "echo begun >> runs; while ! test -e go; do sleep 0.05; done"
`,
  );
  await gonit.until("the first run", () => wordsOf(join(gonit.folder, "runs")).length === 1);
  // The second time is queued, the third one finds it there.
  await gonit.until("two more times have come", () => scheduleOf(gonit, "j").skipped >= 1);
  assert.equal(wordsOf(join(gonit.folder, "runs")).length, 1);
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/Service ended.* service=j[\s\S]*Starting service.* service=j/);
});

test("a task at boot runs once, and a system that has nothing else to do ends then", async (context) => {
  const gonit = start(context, "services:\n  - {name: warm, schedule: at boot+1s, command: echo warmed}\n");
  await gonit.sees(/warm \| warmed/);
  assert.equal(await gonit.ended, 0);
});

test("status and why tell when a cron expression comes next, and in which zone; the system stays up for it", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: nightly, schedule: 30 3 1 1 *, timezone: Europe/Berlin, command: "true"}
  - {name: hourly, schedule: "@hourly", command: "true"}
`,
  );
  await gonit.until("both are there", () => gonit.status().services.length === 2);
  assert.equal(gonit.status().state, "running");
  const nightly = scheduleOf(gonit, "nightly");
  assert.match(nightly.next, /^\d{4}-01-01 03:30:00 Europe\/Berlin$/);
  // Winter in Berlin is an hour ahead of UTC.
  assert.match(new Date(nightly.nextWallMs ?? 0).toISOString(), /-01-01T02:30:00\.000Z$/);
  assert.match(new Date(scheduleOf(gonit, "hourly").nextWallMs ?? 0).toISOString(), /:00:00\.000Z$/);
  assert.equal(gonit.service("nightly").shown, "scheduled");
  const why = gonit.client("why", "nightly");
  assert.match(why.stdout, /nightly is scheduled/);
  assert.match(why.stdout, /waits for its next time, \d{4}-01-01 03:30:00 Europe\/Berlin \(30 3 1 1 \*\), in /);
  assert.match(why.stdout, /gonit run-task nightly runs it now/);
  const status = gonit.client("status", "nightly").stdout;
  assert.match(
    status,
    /schedule {2}30 3 1 1 \* \(Europe\/Berlin\)\n {2}next run {2}\d{4}-01-01 03:30:00 Europe\/Berlin, in /,
  );
  assert.match(status, /last run {2}none yet/);
});

test("a manager that dies leaves no time out and runs none twice", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: j, schedule: every 2s, shell: true, command: "echo run >> runs"}
`,
    { endsRoles: true },
  );
  await gonit.until("the first run", () => wordsOf(join(gonit.folder, "runs")).length === 1);
  const next = scheduleOf(gonit, "j").nextWallMs ?? 0;
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/Manager is back/);
  // The clock of the intervals and that on the wall are read one after the other.
  assert.ok(Math.abs((scheduleOf(gonit, "j").nextWallMs ?? 0) - next) <= 2010);
  await gonit.until("the third run", () => wordsOf(join(gonit.folder, "runs")).length === 3);
});

test("run-task runs a task now, prints its output, and ends with its exit code", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: nightly, schedule: "@yearly", shell: true, command: "echo out; echo err >&2; exit 3", restart: no}
  - {name: once, type: task, command: echo again}
  - {name: dies, type: task, shell: true, command: "kill -KILL $$", enabled: false, restart: no}
  - {name: off, enabled: false, schedule: "@yearly", command: echo off}
  - {name: web, command: sleep 1000}
  - {name: long, schedule: "@yearly", command: sleep 1000}
`,
  );
  await gonit.until("once is done", () => gonit.service("once").state === "done");
  const nightly = gonit.client("run-task", "nightly");
  assert.equal(nightly.code, 3, nightly.stderr);
  assert.deepEqual(nightly.stdout.trim().split("\n").sort(), ["err", "out"]);
  assert.equal(nightly.stderr, "gonit: nightly failed: exited 3\n");
  assert.match(scheduleOf(gonit, "nightly").last, /^exited 3, \d{4}-/);
  assert.deepEqual(gonit.client("run-task", "once"), { code: 0, stdout: "again\n", stderr: "" });
  assert.equal(gonit.client("run-task", "dies").code, 137);
  assert.deepEqual(gonit.client("run-task", "off"), { code: 0, stdout: "off\n", stderr: "" });
  assert.equal(scheduleOf(gonit, "off").nextWallMs, null);
  assert.match(gonit.client("run-task", "web").stderr, /web is a service, no task: gonit start web starts it/);
  assert.equal(gonit.client("run-task", "nosuch").code, 4);
  assert.equal(gonit.client("run-task").code, 2);
  assert.equal(gonit.client("run-task", "long", "--timeout", "100ms").code, 7);
  assert.match(gonit.client("run-task", "long").stderr, /long runs already \(overlap: skip\)/);
  const several = gonit.client("run-task", "once", "off");
  assert.deepEqual(several.stdout.trim().split("\n").sort(), ["off | off", "once | again"]);
});

test("what should have run while gonit did not is made up for once, with missed: run", async (context) => {
  const text = (folder: string) =>
    `services:\n  - {name: j, schedule: "@yearly", missed: run, shell: true, command: "echo run >> ${folder}/runs"}\n`;
  const state = folderFor(context);
  const gonit = start(context, text, { environment: { XDG_STATE_HOME: state } });
  await gonit.until("it is there", () => gonit.service("j").shown === "scheduled");
  assert.equal(gonit.client("shutdown").code, 0);
  await gonit.ended;
  const [instance = ""] = readdirSync(join(state, "gonit"));
  const kept = join(state, "gonit", instance, "scheduled-times.json");
  assert.ok(Math.abs(JSON.parse(readFileSync(kept, "utf8")).j - Date.now()) < 3_600_000);
  // As if it had last looked more than a year ago.
  writeFileSync(kept, JSON.stringify({ j: Date.now() - 370 * 86_400_000 }));
  const socket = join(gonit.folder, "again.sock");
  const again = start(context, "services: []\n", {
    environment: { XDG_STATE_HOME: state },
    args: ["up", "-f", join(gonit.folder, "config.yml"), "--socket", socket, "--log-format", "logfmt"],
    socket,
  });
  await again.sees(/Making up for a missed run.* service=j/);
  await again.until("it is done", () => again.service("j").state === "done");
  assert.deepEqual(wordsOf(join(gonit.folder, "runs")), ["run"]);
});
