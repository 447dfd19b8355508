/*
 * Three lines of the script engine, in our own copy of its source.
 *
 * Numbers in a Map or Set: quickjs-ng 0.17 hashes them by the two halves of the double, whose low bits are zero for whole
 * numbers, and takes the low bits of the result as the place in the table: all process numbers share one place, and so do
 * all tickets (src/engine/instance.ts). A table of a thousand of them was a list of a thousand, looked through with each
 * event.
 *
 * Strings of JSON: each was read into room for 48 characters and kept it, since a block that is made smaller stays where
 * it is. Read into no room at all, a string without escapes takes what it needs.
 *
 * Properties of an object: their room grew by half, so that a ServicePlan of 43 fields had room for 63, a Node of 14 for 19.
 * By an eighth and two it has few places that stay empty, and still grows in proportion.
 */
import { readFileSync, writeFileSync } from "node:fs";

const improvements: { slow: string; fast: string }[] = [
  {
    slow: "h = (u.u32[0] ^ u.u32[1]) * 3163;",
    // All bits of the double have a part in each bit of the result: multiplied up, and folded down again.
    fast: "h = u.u32[0] ^ u.u32[1]; h = (h ^ h >> 15) * 0x9e3779b1u; h ^= h >> 15;",
  },
  { slow: "if (string_buffer_init(s->ctx, b, 48))", fast: "if (string_buffer_init(s->ctx, b, 0))" },
  {
    slow: "new_size = max_int(count, sh->prop_size * 3 / 2);",
    fast: "new_size = max_int(count, sh->prop_size * 9 / 8 + 2);",
  },
];

/** The text of quickjs.c with those lines. One that does not hold them, of another version, stays as it is. */
export function improvedEngine(text: string): string {
  return improvements.reduce((now, { slow, fast }) => now.replace(slow, fast), text);
}

/** Improves the file, once. */
export function improveEngine(path: string): void {
  const text = readFileSync(path, "utf8");
  const improved = improvedEngine(text);
  if (improved !== text) writeFileSync(path, improved);
}
