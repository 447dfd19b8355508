import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf, serviceOf } from "../../tests/config/memory-files.ts";
import { localText } from "../engine/calendar.ts";
import { configText } from "./config-output.ts";

const command = "command: backup";

/** The first line of what is wrong with a service's keys. */
function problem(keys: string): string {
  const lines = keys.split("\n").map((line) => `    ${line}\n`);
  return problemsOf(`services:\n  - name: a\n${lines.join("")}`);
}

test("a schedule makes a service a task", () => {
  const { type, schedule, runs } = serviceOf(`${command}\nschedule: 30 3 * * *`);
  assert.equal(type, "task");
  assert.equal(runs, 1);
  assert.deepEqual(schedule, {
    kind: "cron",
    text: "30 3 * * *",
    timezone: "UTC",
    minutes: [0, 1],
    hours: 8,
    daysOfMonth: 2 ** 32 - 2,
    months: 2 ** 13 - 2,
    daysOfWeek: 127,
    eitherDay: false,
    jitterMs: 0,
    missed: "skip",
    overlap: "skip",
  });
});

test("every and at boot are durations", () => {
  const rest = { jitterMs: 5000, missed: "skip", overlap: "queue" };
  const keys = `${command}\njitter: 5s\noverlap: queue\nschedule: `;
  assert.deepEqual(serviceOf(`${keys}every 1h30m`).schedule, {
    kind: "every",
    text: "every 1h30m",
    everyMs: 5_400_000,
    ...rest,
  });
  assert.deepEqual(serviceOf(`${keys}at boot+1m`).schedule, {
    kind: "boot",
    text: "at boot+1m",
    delayMs: 60_000,
    ...rest,
  });
  assert.equal(serviceOf(`${keys}at boot`).schedule?.text, "at boot");
});

test("the plan holds the zones that schedules name", () => {
  const berlin = "schedule: '@daily', timezone: Europe/Berlin";
  const { zones } = planOf(
    `services: [{name: a, command: x, ${berlin}}, {name: b, command: x, ${berlin}}, {name: c, command: x, schedule: '@daily'}]`,
  );
  assert.deepEqual(Object.keys(zones ?? {}), ["Europe/Berlin"]);
  const table = zones?.["Europe/Berlin"] ?? [];
  assert.equal(localText(table, Date.parse("2026-07-01T10:00Z")), "2026-07-01 12:00:00");
  assert.equal(localText(table, Date.parse("2099-12-31T10:00Z")), "2099-12-31 11:00:00");
  assert.equal(planOf(`services: [{name: a, ${command}}]`).zones, undefined);
});

test("an expression that never comes is refused, with its place and what to write", () => {
  assert.equal(
    problem(`${command}\nschedule: 0 4 30 2 *`),
    `config.yml:4:15: services.a.schedule: cannot use "0 4 30 2 *" as a schedule: it never comes: there is no day 30 of month 2
  4 |     schedule: 0 4 30 2 *
    |               ^~~~~~~~~~
  fix: write a day that one of the months has, such as 28`,
  );
});

test("a schedule that cannot be read is refused", () => {
  assert.match(problem(`${command}\nschedule: 5m`), /it does not say how\n[\s\S]*write every 5m, or at boot\+5m/);
  assert.match(problem(`${command}\nschedule: every 100ms`), /100ms is shorter than a second/);
  assert.match(problem(`${command}\nschedule: every day`), /every and a duration, as in every 5m/);
  assert.match(problem(`${command}\nschedule: at boot+soon`), /write it as in at boot\+1m/);
  assert.match(problem(`${command}\nschedule: '@daily'\nmissed: never`), /none of skip, run/);
});

test("what contradicts a schedule is refused", () => {
  assert.match(problem(`${command}\ntype: service\nschedule: every 5m`), /it belongs to a task, and this is a service/);
  assert.match(problem(`${command}\nruns: forever\nschedule: every 5m`), /it belongs to a task, and this is a service/);
  assert.match(problem(`${command}\nruns: 3\nschedule: every 5m`), /each time is one run, and runs: 3 are more/);
  assert.match(problem(`${command}\noverlap: queue`), /cannot use overlap here: .*there is none/);
  assert.match(problem(`${command}\nschedule: every 5m\ntimezone: Europe/Berlin`), /cannot use timezone here/);
  assert.match(problem(`${command}\nschedule: every 5m\nmissed: run`), /cannot use missed here/);
  assert.equal(problem(`${command}\nruns: once\nschedule: every 5m`), "");
});

test("a time zone without a file is refused", () => {
  assert.match(
    problem(`${command}\nschedule: '@daily'\ntimezone: Europe/Nowhere`),
    /config\.yml:5:5: .*cannot use the time zone Europe\/Nowhere: \/usr\/share\/zoneinfo\/Europe\/Nowhere is no zone file/,
  );
  assert.match(problem(`${command}\nschedule: '@daily'\ntimezone: ../etc/passwd`), /it is no name of a zone/);
});

test("configText() writes a schedule that loads to the same plan", () => {
  for (const keys of ["schedule: '@daily', timezone: Europe/Berlin, missed: run", "schedule: every 5m, jitter: 10s"]) {
    const plan = planOf(`services: [{name: a, command: x, ${keys}, overlap: replace}]`);
    const again = planOf(configText(plan));
    assert.deepEqual(again.services[0]?.schedule, plan.services[0]?.schedule);
    assert.deepEqual(again.zones, plan.zones);
  }
});
