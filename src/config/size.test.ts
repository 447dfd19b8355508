import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Refusal } from "./refusal.ts";
import { formatSize, parseSize } from "./size.ts";

test("parseSize() reads powers of 1024, whatever the spelling of the unit", () => {
  const texts: [string, number][] = [
    ["64K", 65_536],
    ["64k", 65_536],
    ["256M", 268_435_456],
    ["1.5G", 1_610_612_736],
    ["10MiB", 10_485_760],
    ["10MB", 10_485_760],
    ["100", 100],
    ["100B", 100],
    ["2T", 2 * 1024 ** 4],
  ];
  for (const [text, bytes] of texts) assert.equal(parseSize(text), bytes, text);
});

test("parseSize() refuses unknown units and parts of bytes", () => {
  for (const text of ["10X", "", "-1", "1.5", "K", "1 M", "10KMB", "9999999T"]) {
    assert.ok(parseSize(text) instanceof Refusal, text);
  }
});

test("formatSize() writes what parseSize() reads as the same number", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.nat({ max: 2 }), (amount, power) => {
      const bytes = amount * 1024 ** power;
      assert.equal(parseSize(formatSize(bytes)), bytes);
    }),
  );
});
