import assert from "node:assert/strict";
import { test } from "node:test";
import { isoTime, parseIsoTime } from "./iso-time.ts";

test("parseIsoTime() reads what isoTime() writes, as Date does", () => {
  for (const wallMs of [0, 1, 951_782_399_999, 951_782_400_000, 1_795_823_999_123, 4_107_542_400_000]) {
    assert.equal(isoTime(wallMs), new Date(wallMs).toISOString());
    assert.equal(parseIsoTime(isoTime(wallMs)), wallMs);
  }
});

test("parseIsoTime() takes moments that lack seconds or the time of day, and zones", () => {
  assert.equal(parseIsoTime("2026-11-25"), Date.parse("2026-11-25T00:00:00Z"));
  assert.equal(parseIsoTime("2026-11-25 08:30"), Date.parse("2026-11-25T08:30:00Z"));
  assert.equal(parseIsoTime("2026-11-25T08:30:01.5"), Date.parse("2026-11-25T08:30:01.500Z"));
  assert.equal(parseIsoTime("2026-11-25T08:30+02:00"), Date.parse("2026-11-25T06:30:00Z"));
  assert.equal(parseIsoTime("2026-11-25T08:30-0130"), Date.parse("2026-11-25T10:00:00Z"));
  for (const text of ["", "yesterday", "2026-02-30", "2026-13-01", "2026-11-25T24:00", "2026-11-25T08:60"])
    assert.equal(parseIsoTime(text), null, text);
});
