/** Which mutants are tried: a sample by a seed, or those of some files. */

import { createHash } from "node:crypto";
import type { Mutant } from "./instrument.ts";

/**
 * So many mutants, chosen by a seed. A mutant is in the sample because of its own text: a change of other lines leaves
 * the sample nearly as it is.
 */
export function chooseMutants(mutants: Mutant[], count: number, seed: number): Mutant[] {
  const rank = ({ key }: Mutant): string => createHash("sha256").update(`${seed} ${key}`).digest("hex");
  return mutants
    .map((mutant) => ({ mutant, rank: rank(mutant) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
}
