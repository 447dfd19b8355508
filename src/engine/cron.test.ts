import assert from "node:assert/strict";
import { test } from "node:test";
import type { ZoneTable } from "./calendar.ts";
import { type CronFields, isPossible, nextCron } from "./cron.ts";

const everyHour = 2 ** 24 - 1;

/** At this minute of these hours, on every day. */
function daily(minute: number, hours: number[] | "all"): CronFields {
  const bit = 1 << (minute % 30);
  return {
    minutes: minute < 30 ? [bit, 0] : [0, bit],
    hours: hours === "all" ? everyHour : hours.reduce((bits, hour) => bits | (1 << hour), 0),
    daysOfMonth: 2 ** 32 - 2,
    months: 2 ** 13 - 2,
    daysOfWeek: 127,
    eitherDay: false,
  };
}

function seconds(text: string): number {
  return Date.parse(text) / 1000;
}

/** Central Europe in 2026: an hour forward at the end of March, back at the end of October. */
const berlin: ZoneTable = [3600, seconds("2026-03-29T01:00Z"), 7200, seconds("2026-10-25T01:00Z"), 3600];
/** Half an hour, as on Lord Howe Island. */
const lordHowe: ZoneTable = [39600, seconds("2026-04-04T15:00Z"), 37800, seconds("2026-10-03T15:30Z"), 39600];

/** The next times after the first one, in UTC. */
function times(cron: CronFields, zone: ZoneTable, after: string, count: number): string[] {
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    const next = nextCron(cron, zone, at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(5, 16));
    at = next;
  }
  return found;
}

test("nextCron(): a time that the clock shows twice comes once, the first time", () => {
  assert.deepEqual(times(daily(30, [2]), berlin, "2026-10-24T12:00Z", 2), ["10-25T00:30", "10-26T01:30"]);
  assert.deepEqual(times(daily(0, [2, 3]), berlin, "2026-10-24T12:00Z", 3), [
    "10-25T00:00",
    "10-25T02:00",
    "10-26T01:00",
  ]);
  assert.deepEqual(times(daily(45, [1]), lordHowe, "2026-04-03T20:00Z", 2), ["04-04T14:45", "04-05T15:15"]);
});

test("nextCron(): a time that the clock skips comes when the clock skips it", () => {
  assert.deepEqual(times(daily(30, [2]), berlin, "2026-03-28T12:00Z", 2), ["03-29T01:00", "03-30T00:30"]);
  assert.deepEqual(times(daily(0, [3]), berlin, "2026-03-28T12:00Z", 2), ["03-29T01:00", "03-30T01:00"]);
  assert.deepEqual(times(daily(15, [2]), lordHowe, "2026-10-02T20:00Z", 2), ["10-03T15:30", "10-04T15:15"]);
});

test("nextCron(): what matches in every hour goes with the clock", () => {
  assert.deepEqual(times(daily(30, "all"), berlin, "2026-10-25T00:00Z", 3), [
    "10-25T00:30",
    "10-25T01:30",
    "10-25T02:30",
  ]);
  assert.deepEqual(times(daily(30, "all"), berlin, "2026-03-29T00:00Z", 3), [
    "03-29T00:30",
    "03-29T01:30",
    "03-29T02:30",
  ]);
});

test("nextCron(): the minute that is now is over", () => {
  const noon = Date.parse("2026-06-01T10:00Z");
  assert.equal(nextCron(daily(0, [12]), berlin, noon), noon + 86_400_000);
  assert.equal(nextCron(daily(0, [12]), berlin, noon - 1), noon);
  assert.equal(nextCron(daily(59, [23]), [0], Date.parse("2026-12-31T23:58:30Z")), Date.parse("2026-12-31T23:59Z"));
});

test("nextCron(): days of the month and of the week, both or either", () => {
  const noon = daily(0, [12]);
  const friday13 = { ...noon, daysOfMonth: 1 << 13, daysOfWeek: 1 << 5 };
  assert.deepEqual(times(friday13, [0], "2026-01-01T00:00Z", 2), ["02-13T12:00", "03-13T12:00"]);
  assert.deepEqual(times({ ...friday13, eitherDay: true }, [0], "2026-01-01T00:00Z", 3), [
    "01-02T12:00",
    "01-09T12:00",
    "01-13T12:00",
  ]);
  const leapDay = { ...noon, daysOfMonth: 1 << 29, months: 1 << 2 };
  assert.equal(nextCron(leapDay, [0], Date.parse("2026-01-01T00:00Z")), Date.parse("2028-02-29T12:00Z"));
  assert.equal(nextCron({ ...leapDay, daysOfMonth: 1 << 30 }, [0], 0), null);
});

test("isPossible() knows the lengths of months", () => {
  const on = (day: number, month: number) => ({ ...daily(0, [0]), daysOfMonth: 2 ** day, months: 1 << month });
  assert.deepEqual([on(29, 2), on(30, 2), on(31, 1), on(31, 4), on(30, 4)].map(isPossible), [
    true,
    false,
    true,
    false,
    true,
  ]);
  assert.equal(isPossible({ ...on(30, 2), eitherDay: true, daysOfWeek: 1 }), true);
  assert.equal(isPossible({ ...on(30, 2), eitherDay: true, daysOfWeek: 0 }), false);
});

test("nextCron() takes what has passed already before the clock goes forward for no skipped time", () => {
  assert.deepEqual(times(daily(30, [1]), berlin, "2026-03-29T00:45Z", 1), ["03-29T23:30"]);
});
