import assert from "node:assert/strict";
import { test } from "node:test";
import { intlZone } from "../../tests/config/intl-zone.ts";
import { localText, type ZoneTable } from "../engine/calendar.ts";
import { type CronFields, nextCron } from "../engine/cron.ts";
import { parseCron } from "./cron-expression.ts";
import { Refusal } from "./refusal.ts";

function cronOf(text: string): CronFields {
  const cron = parseCron(text);
  if (cron instanceof Refusal) throw new Error(`${text}: ${cron.why}`);
  return cron;
}

/** The next times, as the zone's clock shows them and in UTC. */
function times(text: string, zone: ZoneTable, from: string, count: number): string[] {
  const found: string[] = [];
  let atMs = Date.parse(from);
  for (let at = 0; at < count; at++) {
    atMs = nextCron(cronOf(text), zone, atMs) ?? Number.NaN;
    found.push(`${localText(zone, atMs).slice(0, 16)} ${new Date(atMs).toISOString().slice(11, 16)}Z`);
  }
  return found;
}

const berlin = intlZone("Europe/Berlin");
const lordHowe = intlZone("Australia/Lord_Howe");

test("nextCron() runs a time that the clock skips when it goes forward: Berlin in spring", () => {
  assert.deepEqual(times("30 2 * * *", berlin, "2026-03-27T12:00Z", 4), [
    "2026-03-28 02:30 01:30Z",
    "2026-03-29 03:00 01:00Z",
    "2026-03-30 02:30 00:30Z",
    "2026-03-31 02:30 00:30Z",
  ]);
  // However many of its times are skipped, and also where it has one right then.
  assert.deepEqual(times("*/10 2,3 * * *", berlin, "2026-03-29T00:00Z", 2), [
    "2026-03-29 03:00 01:00Z",
    "2026-03-29 03:10 01:10Z",
  ]);
});

test("nextCron() runs a time that comes twice once: Berlin in autumn", () => {
  assert.deepEqual(times("30 2 * * *", berlin, "2026-10-24T12:00Z", 2), [
    "2026-10-25 02:30 00:30Z",
    "2026-10-26 02:30 01:30Z",
  ]);
});

test("nextCron() of every hour follows the clock through both", () => {
  assert.deepEqual(times("30 * * * *", berlin, "2026-03-29T00:00Z", 2), [
    "2026-03-29 01:30 00:30Z",
    "2026-03-29 03:30 01:30Z",
  ]);
  assert.deepEqual(times("30 * * * *", berlin, "2026-10-25T00:00Z", 3), [
    "2026-10-25 02:30 00:30Z",
    "2026-10-25 02:30 01:30Z",
    "2026-10-25 03:30 02:30Z",
  ]);
});

test("nextCron() knows changes of half an hour: Lord Howe Island", () => {
  // At 02:00 the clock goes to 02:30, and back from 02:00 to 01:30.
  assert.deepEqual(times("15 2 * * *", lordHowe, "2026-10-03T12:00Z", 2), [
    "2026-10-04 02:30 15:30Z",
    "2026-10-05 02:15 15:15Z",
  ]);
  assert.deepEqual(times("45 1 * * *", lordHowe, "2026-04-04T12:00Z", 2), [
    "2026-04-05 01:45 14:45Z",
    "2026-04-06 01:45 15:15Z",
  ]);
});

test("parseCron() joins days of both kinds, unless one begins with a star", () => {
  assert.deepEqual(
    times("0 0 13 * 5", [0], "2026-02-10T00:00Z", 3).map((text) => text.slice(0, 10)),
    ["2026-02-13", "2026-02-20", "2026-02-27"],
  );
  assert.deepEqual(
    times("0 0 */2 * 1", [0], "2026-02-01T00:00Z", 2).map((text) => text.slice(0, 10)),
    ["2026-02-09", "2026-02-23"],
  );
});

test("parseCron() knows words, names, 7 for Sunday, and 29 February", () => {
  assert.deepEqual(parseCron("@daily"), parseCron("0 0 * * *"));
  assert.deepEqual(parseCron("@weekly"), { ...cronOf("0 0 * * sun"), eitherDay: false });
  assert.deepEqual(parseCron("5 4 * Jan-Mar SAT-SUN"), parseCron("5 4 * 1,2,3 6,7"));
  assert.deepEqual(times("0 0 29 2 *", [0], "2096-03-01T00:00Z", 1), ["2104-02-29 00:00 00:00Z"]);
});

test("parseCron() tells what is wrong, and what to write", () => {
  const told = (text: string): string => {
    const found = parseCron(text);
    return found instanceof Refusal ? `${found.why} (${found.fix})` : "";
  };
  assert.match(told("0 0 30 2 *"), /never comes: there is no day 30 of month 2/);
  assert.match(told("0 0 31 4,6,9,11 *"), /never comes/);
  assert.equal(told("0 0 30 2 1"), "");
  assert.match(told("60 * * * *"), /minute 60: 60 is not from 0 to 59/);
  assert.match(told("* * * *"), /it has 4 fields \(write five fields/);
  assert.match(told("0 0 0 * * *"), /six fields, and seconds are no part/);
  assert.match(told("5-1 * * * *"), /ends before it begins/);
  assert.match(told("5/10 * * * *"), /a step needs a range .*write 5-59\/10/);
  assert.match(told("*/0 * * * *"), /step 0/);
  assert.match(told("0 0 L * *"), /L, W and # are no part of cron/);
  assert.match(told("0 0 ? * *"), /write \*/);
  assert.match(told("@dayly"), /did you mean @daily/);
  assert.match(told("@reboot"), /write at boot/);
  assert.match(told("0 0 * foo *"), /month foo: foo is not from 1 to 12 \(write numbers from 1 to 12, or jan to dec/);
});
