// limit: 120 s
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { chooseMutants } from "./choose.ts";
import { makeMutants } from "./instrument.ts";
import { readSurvivors, staleKeys, summary, unlisted } from "./survivors.ts";
import { findReach, tryMutants } from "./try-mutants.ts";

/** Others, or more: MUTANTS_SEED=2 MUTANTS=200 npm test -- mutants */
const seed = Number(process.env.MUTANTS_SEED ?? 1);
const count = Number(process.env.MUTANTS ?? 40);
const lists = "tests/mutants/survivors";

test("mutants of the engine are found out, or listed with the reason why not", async () => {
  const folder = `.cache/mutants/${process.pid}`;
  try {
    const all = await makeMutants(process.cwd(), folder);
    const listed = readSurvivors(lists);
    assert.deepEqual(staleKeys(listed, all.mutants), [], `${lists} names what is no mutant any more`);
    const reach = await findReach(all);
    const outcomes = await tryMutants(all, chooseMutants(all.mutants, count, seed), reach, { threads: 1 });
    assert.equal(outcomes.length, count);
    console.log(`figures: ${summary(outcomes, all.mutants.length, listed)}`);
    const others = unlisted(outcomes, listed).map(({ mutant }) => mutant.key);
    assert.deepEqual(others, [], `they survive: write a scenario, or list them in ${lists} with the reason`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
