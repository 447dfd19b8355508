/** What the instrumented engine asks at each place that can be mutated. Injected by the bundler (instrument.ts). */

import { workerData } from "node:worker_threads";

/** The mutant that is switched on; -1: the engine is as it was written. What modules do when they are loaded needs it early. */
export let activeMutant: number = (workerData as { active?: number } | null)?.active ?? -1;

let hitsLeft = Number.POSITIVE_INFINITY;
let hits = new Uint32Array(0);

/** What is thrown when a mutant is reached far more often than its place by the engine as written. */
export const endlessText = "the mutant is in an endless loop";

export function activate(mutant: number, hitsMax: number): void {
  activeMutant = mutant;
  hitsLeft = hitsMax;
}

/** Called when the mutant that is switched on is reached. */
export function hitMutant(): true {
  if (--hitsLeft < 0) throw new Error(endlessText);
  return true;
}

/** Counts, in the covering bundle only, how often each mutant's place is reached. */
export function coverMutants(...mutants: number[]): void {
  for (const mutant of mutants) {
    if (mutant >= hits.length) {
      const longer = new Uint32Array(mutant + 10_000);
      longer.set(hits);
      hits = longer;
    }
    hits[mutant] = (hits[mutant] as number) + 1;
  }
}

/** What was reached since the last call: mutants and how often, in turns. */
export function takeHits(): number[] {
  const found: number[] = [];
  for (const [mutant, count] of hits.entries()) if (count > 0) found.push(mutant, count);
  hits.fill(0);
  return found;
}
