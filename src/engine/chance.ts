/** Chance within a step: a row of numbers from the seed that the step's input brings. */

import type { Engine } from "./engine.ts";

/** A number from 0 to 1, from the step's seed: the next one each time (xorshift, Marsaglia 2003). */
export function chanceOf(engine: Engine): number {
  let x = engine.random | 0 || 0x9e3779b9 | 0;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  engine.random = x;
  return (x >>> 0) / 0x1_0000_0000;
}
