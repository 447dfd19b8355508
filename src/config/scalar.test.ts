import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { needsQuotes, readScalar } from "./scalar.ts";

test("readScalar() takes YAML 1.1's surprises for what they look like", () => {
  for (const text of ["yes", "no", "on", "off", "y", "n", "1:30", "0b11", "1_000", "2026-11-25", "0o8"]) {
    assert.equal(readScalar(text), text);
  }
  assert.equal(readScalar("010"), 10);
  assert.equal(readScalar("0o10"), 8);
  assert.equal(readScalar("0x1F"), 31);
  assert.equal(readScalar("1e3"), 1000);
  assert.equal(readScalar("~"), null);
  assert.equal(readScalar("True"), true);
});

const scalarText = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 6 }),
    fc.string({ unit: fc.constantFrom(..."0123456789.eE+-xo_abcdefinNIFtrulsTRUALS~:"), maxLength: 8 }),
    fc.constantFrom(
      "null",
      "Null",
      "NULL",
      "~",
      "true",
      "FALSE",
      ".inf",
      "-.INF",
      ".NaN",
      "0o17",
      "0xAf",
      "1.",
      ".5",
      "-0",
      "+1",
    ),
  )
  // Only what is one plain scalar in a sequence.
  .filter((text) => !/^[-?:](?:$| )|: |:$| #|^#|^---|^\.\.\./.test(text));

test("readScalar() agrees with the npm package yaml on the core schema of YAML 1.2", () => {
  fc.assert(
    fc.property(scalarText, (text) => {
      const [expected] = parse(`- ${text}\n`, { version: "1.2", schema: "core" }) as unknown[];
      assert.deepEqual(readScalar(text), expected, text);
    }),
    { numRuns: 3000 },
  );
});

test("needsQuotes() lets only texts stay plain that are read as the same text, and no boolean of YAML 1.1", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      if (needsQuotes(text)) return;
      assert.deepEqual(parse(`k: ${text}\n`, { version: "1.2" }), { k: text });
      assert.notEqual(typeof parse(`- ${text}\n`, { version: "1.1" })[0], "boolean");
      assert.deepEqual(parse(`k: [${text}]\n`, { version: "1.2" }), { k: [text] });
    }),
    { numRuns: 3000 },
  );
});
