import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMoment } from "./moment.ts";

const now = Date.parse("2026-11-25T08:00:01.250Z");

test("parseMoment() takes how long ago, a time of today and a date", () => {
  assert.equal(parseMoment("5m", now), now - 300_000);
  assert.equal(parseMoment("-5m", now), now - 300_000);
  assert.equal(parseMoment("90", now), now - 90_000);
  assert.equal(parseMoment("07:30", now), Date.parse("2026-11-25T07:30:00Z"));
  assert.equal(parseMoment("07:30:05.5", now), Date.parse("2026-11-25T07:30:05.500Z"));
  assert.equal(parseMoment("2026-11-24", now), Date.parse("2026-11-24T00:00:00Z"));
  assert.equal(parseMoment("2026-11-24T10:00:00+01:00", now), Date.parse("2026-11-24T09:00:00Z"));
  for (const text of ["", "-", "then", "5 minutes", "25:00", "--5m", "2026-11-24T"])
    assert.equal(parseMoment(text, now), null, text);
});
