import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../tests/properties.ts";
import { dateOf, dayMs, dayOf, localText, offsetAt, weekdayOf } from "./calendar.ts";

test("dateOf(), dayOf() and weekdayOf() are those of the Gregorian calendar", () => {
  assertProperty(
    fc.property(fc.integer({ min: -200_000, max: 200_000 }), (day) => {
      const date = new Date(day * dayMs);
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate() };
      assert.deepEqual(dateOf(day), expected);
      assert.equal(dayOf(expected.year, expected.month, expected.dayOfMonth), day);
      assert.equal(weekdayOf(day), date.getUTCDay());
    }),
    { runs: 5000 },
  );
});

test("dayOf() takes the thirteenth month for January of the next year", () => {
  assert.equal(dayOf(2026, 13, 1), dayOf(2027, 1, 1));
});

test("offsetAt() changes at the very second of a change", () => {
  const zone = [3600, 1000, 7200, 2000, 3600];
  assert.deepEqual(
    [0, 999_999, 1_000_000, 1_999_999, 2_000_000].map((ms) => offsetAt(zone, ms) / 1000),
    [3600, 3600, 7200, 7200, 3600],
  );
});

test("localText() shows what the zone's clock shows", () => {
  assert.equal(localText([5 * 3600 + 1800], Date.parse("2026-12-31T20:05:09.999Z")), "2027-01-01 01:35:09");
});

test("dateOf() knows the last day of the Gregorian calendar's 400 years", () => {
  assert.deepEqual(dateOf(11_016), { year: 2000, month: 2, dayOfMonth: 29 });
});
