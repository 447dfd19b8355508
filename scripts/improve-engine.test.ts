import assert from "node:assert/strict";
import { test } from "node:test";
import { improvedEngine } from "./improve-engine.ts";

const before = `    hash_float64:
        u.d = d;
        h = (u.u32[0] ^ u.u32[1]) * 3163;
        tag = JS_TAG_FLOAT64;
`;

/** The engine's arithmetic with the statements of a source text. */
function hashOf(source: string, value: number): number {
  const [low, high] = new Uint32Array(new Float64Array([value]).buffer);
  const statements = source.slice(source.indexOf("h = "), source.indexOf("tag = "));
  let h = 0;
  for (const statement of statements.split(";").map((text) => text.trim())) {
    if (statement.includes("* 3163")) h = Math.imul((low as number) ^ (high as number), 3163) >>> 0;
    else if (statement.includes("u.u32")) h = ((low as number) ^ (high as number)) >>> 0;
    else if (statement.includes("0x9e3779b1u")) h = Math.imul(h ^ (h >>> 15), 0x9e3779b1) >>> 0;
    else if (statement.startsWith("h ^=")) h = (h ^ (h >>> 15)) >>> 0;
    else assert.equal(statement, "");
  }
  return h;
}

/** How many of a table's places a thousand numbers are spread over. */
function placesUsed(source: string, first: number): number {
  const places = new Set<number>();
  for (let at = 0; at < 1000; at++) places.add(hashOf(source, first + at) & 1023);
  return places.size;
}

test("improvedEngine() spreads process numbers and tickets over a table", () => {
  const after = improvedEngine(before);
  for (const first of [1, 70_000, 2 ** 32 + 1, 5 * 2 ** 32 + 2 ** 31, 2 ** 52]) {
    assert.ok(placesUsed(after, first) > 500, `${first}: ${placesUsed(after, first)}`);
  }
  assert.equal(placesUsed(before, 2 ** 32 + 1), 1);
});

test("improvedEngine() reads strings of JSON into no more room than they need", () => {
  const text = "if (string_buffer_init(s->ctx, b, 48)) goto fail; if (string_buffer_init(s->ctx, b, 32)) goto fail;";
  const improved = "if (string_buffer_init(s->ctx, b, 0)) goto fail; if (string_buffer_init(s->ctx, b, 32)) goto fail;";
  assert.equal(improvedEngine(text), improved);
});

test("improvedEngine() has an object's room grow by little, and only an object's", () => {
  const text = "new_size = max_int(count, sh->prop_size * 3 / 2); new_size = max_int(len, size * 3 / 2);";
  const improved = "new_size = max_int(count, sh->prop_size * 9 / 8 + 2); new_size = max_int(len, size * 3 / 2);";
  assert.equal(improvedEngine(text), improved);
});

test("improvedEngine() leaves another version's text as it is, and what it has improved", () => {
  assert.equal(improvedEngine("h = better(d);"), "h = better(d);");
  assert.equal(improvedEngine(improvedEngine(before)), improvedEngine(before));
});
