import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatMode, parseMode } from "./mode.ts";
import { Refusal } from "./refusal.ts";

// coreos/butane#77: three YAML dialects give three answers for the same text.
test("parseMode() takes every spelling as octal", () => {
  for (const text of ["0640", "640", "0o640"]) assert.equal(parseMode(text), 0o640, text);
  assert.equal(parseMode("416"), 0o416);
});

test("parseMode() refuses digits that are not octal, and what is no number", () => {
  const wrong = parseMode("0844");
  assert.ok(wrong instanceof Refusal);
  assert.equal(wrong.why, "8 is no octal digit");
  for (const text of ["", "rw", "-1", "0x10", "77777", "100000"]) assert.ok(parseMode(text) instanceof Refusal, text);
});

test("formatMode() writes what parseMode() reads as the same number", () => {
  fc.assert(fc.property(fc.nat({ max: 0o7777 }), (mode) => assert.equal(parseMode(formatMode(mode)), mode)));
});
