/*
 * One line of the script engine, in our own copy of its source: how its Map and Set hash numbers.
 *
 * quickjs-ng 0.17 hashes a number by the two halves of its double, whose low bits are zero for whole numbers, and takes the
 * low bits of the result as the place in the table: all process numbers share one place, and so do all tickets
 * (src/engine/instance.ts). A table of a thousand of them was a list of a thousand, looked through with each event.
 */
import { readFileSync, writeFileSync } from "node:fs";

const slow = "h = (u.u32[0] ^ u.u32[1]) * 3163;";

/** All bits of the double have a part in each bit of the result: multiplied up, and folded down again. */
const fast = "h = u.u32[0] ^ u.u32[1]; h = (h ^ h >> 15) * 0x9e3779b1u; h ^= h >> 15;";

/** The text of quickjs.c with that line. One that does not hold it, of another version, stays as it is. */
export function improvedEngine(text: string): string {
  return text.replace(slow, fast);
}

/** Improves the file, once. */
export function improveEngine(path: string): void {
  const text = readFileSync(path, "utf8");
  const improved = improvedEngine(text);
  if (improved !== text) writeFileSync(path, improved);
}
