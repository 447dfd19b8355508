/** Journal and snapshots are JSON that the script engine writes and reads: it must do so as every other engine. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../properties.ts";
import type { JsonOutcome } from "./json-script.ts";
import { ScriptRunner } from "./script-runner.ts";

const runner = new ScriptRunner("tests/process/json-script.ts");
after(() => runner.close());

const number = fc.oneof(
  fc.constantFrom(
    2 ** 53,
    2 ** 53 - 1,
    -(2 ** 53),
    2 ** 31,
    2 ** 32,
    -(2 ** 31),
    1e21,
    1e-7,
    5e-324,
    Number.MAX_VALUE,
    -0,
  ),
  fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
);
/** Any 16 bits, so that surrogates stand alone, too. */
const text = fc.oneof(
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("\0", "\u2028", "\ud800", "\udc00\ud800", "__proto__", "constructor", "\\", '"', "\ufeff"),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    number,
    text,
    fc.constantFrom(null, true, false),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
}));

function written(texts: string[]): (string | null)[] {
  return (runner.run(texts) as JsonOutcome[]).map((outcome) => outcome.written);
}

test("data goes through the script engine's JSON and back without any change", () => {
  assertProperty(
    fc.property(fc.array(value, { minLength: 300, maxLength: 300 }), (values) => {
      const texts = values.map((one) => JSON.stringify(one));
      const found = written(texts);
      for (const [at, one] of texts.entries()) assert.equal(found[at], one);
    }),
    { runs: 8 },
  );
});

test("a text of JSON that is cut off or changed is read as elsewhere, or refused", () => {
  const damage = fc.tuple(value, fc.nat(9999), fc.constantFrom("", ",", "0", '"', "}", "\\", "\u0001", "-"));
  let refused = 0;
  assertProperty(
    fc.property(fc.array(damage, { minLength: 300, maxLength: 300 }), (list) => {
      const texts = list.flatMap(([one, at, piece]) => {
        const whole = JSON.stringify({ one });
        const cut = Math.floor((at / 10_000) * whole.length);
        return [whole.slice(0, cut), whole.slice(0, cut) + piece + whole.slice(cut + 1)];
      });
      const expected = texts.map((one) => {
        try {
          return JSON.stringify(JSON.parse(Buffer.from(one).toString()));
        } catch {
          refused++;
          return null;
        }
      });
      assert.deepEqual(written(texts), expected);
      for (let at = 0; at < texts.length; at += 2) assert.equal(expected[at], null, "a part of an object was read");
    }),
    { runs: 8 },
  );
  assert.ok(refused > 1000, `${refused} refused`);
});
