import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";
import { Refusal } from "./refusal.ts";

test("parseDuration() reads units, their sums, and a bare number as seconds", () => {
  const texts: [string, number][] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["10", 10_000],
    ["0.5", 500],
    ["1.5h", 5_400_000],
    ["0", 0],
  ];
  for (const [text, ms] of texts) assert.equal(parseDuration(text), ms, text);
});

test("parseDuration() refuses what has no or an unknown unit, and tells what to write", () => {
  const texts: [string, string][] = [
    ["10x", "there is no unit x"],
    ["1h30", "30 has no unit"],
    ["-5s", "it is no duration"],
    ["5 s", "5 has no unit"],
    ["", "it is empty"],
    ["fast", "it is no duration"],
    ["1e3", "there is no unit e"],
    ["99999999d", "it is longer than a hundred years"],
  ];
  for (const [text, why] of texts) {
    const result = parseDuration(text);
    assert.ok(result instanceof Refusal, text);
    assert.equal(result.why, why, text);
    assert.match(result.fix, /such as 500ms, 10s or 1h30m/);
  }
});

test("formatDuration() writes what parseDuration() reads as the same number", () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
  );
});
