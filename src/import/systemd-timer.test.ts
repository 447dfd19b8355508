import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSchedule } from "../config/schedule-keys.ts";
import { calendarToCron } from "./systemd-timer.ts";

test("calendarToCron() writes what cron has, and nothing that it has not", () => {
  const times: [calendar: string, fields: string | null, timezone?: string][] = [
    ["hourly", "0 * * * *"],
    ["daily UTC", "0 0 * * *", "UTC"],
    ["weekly", "0 0 * * 1"],
    ["quarterly", "0 0 1 1,4,7,10 *"],
    ["*-*-* 02:30:00", "30 2 * * *"],
    ["*-*-* 02:30", "30 2 * * *"],
    ["02:05:00 Europe/Berlin", "5 2 * * *", "Europe/Berlin"],
    ["Mon..Fri *-*-* 09:00:00", "0 9 * * 1-5"],
    ["Sat,Sun 10:00", "0 10 * * 6,0"],
    ["*-*-01,15 00:00:00", "0 0 1,15 * *"],
    ["*-1..3-* 00:00", "0 0 * 1-3 *"],
    ["*:0/15", "*/15 * * * *"],
    ["*-*-* *:00/10:00", "*/10 * * * *"],
    ["*-*-* 00:00:30", null],
    ["2026-01-01 00:00:00", null],
    ["Mon *-*-01 00:00:00", null],
    ["*:5/15", null],
    ["sometimes", null],
    ["", null],
  ];
  for (const [calendar, fields, timezone = ""] of times) {
    assert.deepEqual(calendarToCron(calendar), fields === null ? null : { fields, timezone }, calendar);
    if (fields !== null) assert.ok("kind" in parseSchedule(fields), fields);
  }
});
