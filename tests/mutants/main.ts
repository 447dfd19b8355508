/**
 * `npm run mutants`: tries all mutants of src/engine, and prints those that survive and are not in survivors.
 * `npm run mutants -- ordering.ts --sample 100` tries some of one file's; the other options stand below.
 */

import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { chooseMutants } from "./choose.ts";
import { makeMutants } from "./instrument.ts";
import { isSurvivor, readSurvivors, staleKeys, summary, unlisted } from "./survivors.ts";
import { findReach, type Outcome, tryMutants } from "./try-mutants.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
    /** Only those that an earlier output names as survivors. */
    again: { type: "string" },
    /** Tells of each one in which of so many random histories its trace is another one, instead of what finds it out. */
    compare: { type: "string", default: "0" },
    /** Tells of each mutant, not only of survivors. */
    all: { type: "boolean", default: false },
  },
});

const folder = `.cache/mutants/${process.pid}`;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const all = await makeMutants(process.cwd(), folder);
const files = new Set(positionals);
for (const file of files)
  if (!all.mutants.some((mutant) => mutant.file === file)) throw new Error(`src/engine has no mutants in ${file}`);
const earlier = values.again === undefined ? null : survivorsIn(readFileSync(values.again, "utf8"));
const ofFiles = all.mutants
  .filter(({ file }) => files.size === 0 || files.has(file))
  .filter(({ key }) => earlier === null || earlier.has(key));
const chosen =
  values.sample === undefined ? ofFiles : chooseMutants(ofFiles, Number(values.sample), Number(values.seed));
const listed = readSurvivors("tests/mutants/survivors");
const reach = await findReach(all, Number(values.compare));
const checksMs = reach.checks.reduce((sum, { ms }) => sum + ms, 0);
console.log(`${all.mutants.length} mutants, ${reach.checks.length} checks of ${(checksMs / 1000).toFixed(1)} s in all`);

function survivorsIn(text: string): Set<string> {
  return new Set([...text.matchAll(/^(?:survived|not reached) \(line \d+\) (.*)$/gm)].map(([, key = ""]) => key));
}

let tried = 0;
function tell(outcome: Outcome): void {
  const { mutant, result, killer, message } = outcome;
  if (isSurvivor(outcome) && !listed.has(mutant.key)) console.log(`${result} (line ${mutant.line}) ${mutant.key}`);
  else if (isSurvivor(outcome)) {
    if (values.all) console.log(`listed ${mutant.key}`);
  } else if (listed.has(mutant.key)) console.log(`listed but ${result} by ${killer}: ${mutant.key}`);
  else if (values.all || values.compare !== "0") console.log(`${result} by ${killer}: ${message}: ${mutant.key}`);
  if (++tried % 500 === 0) console.error(`${tried} of ${chosen.length} in ${Math.round(performance.now() / 1000)} s`);
}

const outcomes = await tryMutants(all, chosen, reach, {
  threads: Number(values.threads),
  compare: Number(values.compare),
  onOutcome: tell,
});
const stale = staleKeys(listed, all.mutants);
for (const key of stale) console.log(`listed, but there is no such mutant: ${key}`);
console.log(`${summary(outcomes, all.mutants.length, listed)}; ${Math.round(performance.now() / 1000)} s`);
process.exit(stale.length + unlisted(outcomes, listed).length > 0 ? 1 : 0);
