/**
 * What a mutant must get past to survive: every text scenario with its whole trace, the unit tests of the engine, the
 * planted faults, random histories with all checks, and deaths of the manager. The first that fails kills the mutant.
 */

import fc from "fast-check";
import { failureAt } from "../../sim/crash-points.ts";
import { failureOf, newFigures, runHistory } from "../../sim/fuzz.ts";
import { makeHistory } from "../../sim/histories.ts";
import { runScenario } from "../../sim/scenario.ts";
import { collectedTests } from "./collected-tests.ts";
import type { ScenarioTexts } from "./scenario-texts.ts";

export interface Check {
  name: string;
  /** Throws when the engine is found out. */
  run: () => void;
}

/** A property that fails is not made smaller: that it fails is enough. */
fc.configureGlobal({ endOnFailure: true });

const historyCount = 200;
const crashSeeds = [1, 2, 3, 4, 5, 6];
/** The manager dies in every so many turns of a history. */
const crashStride = 5;

export function allChecks(scenarios: ScenarioTexts): Check[] {
  return [
    ...scenarios.map(([name, text]) => ({ name, run: () => checkScenario(text) })),
    ...unitChecks(),
    ...historyChecks(),
    ...crashChecks(),
  ];
}

function checkScenario(expected: string): void {
  const { text } = runScenario(expected);
  if (text === expected) return;
  const lines = text.split("\n");
  const at = expected.split("\n").findIndex((line, index) => line !== lines[index]);
  throw new Error(`line ${at + 1} is "${lines[at]?.trim()}"`);
}

function unitChecks(): Check[] {
  return collectedTests.map(({ title, run }) => ({ name: `test "${title}"`, run }));
}

function mustBeNull(failure: string | null): void {
  if (failure !== null) throw new Error(failure);
}

function historyChecks(): Check[] {
  return Array.from({ length: historyCount }, (_, at) => at + 1).map((seed) => ({
    name: `history ${seed}`,
    run: () => mustBeNull(failureOf(makeHistory(seed))),
  }));
}

function crashChecks(): Check[] {
  return crashSeeds.flatMap((seed) => {
    const whole = makeHistory(seed);
    const history = { ...whole, moves: whole.moves.filter(({ kind }) => kind !== "crash") };
    const { turnCount } = runHistory(history);
    const checks: Check[] = [];
    for (let turn = 1; turn <= turnCount; turn += crashStride) {
      const point = checks.length % 2 === 0 ? "before-append" : checks.length % 7;
      const run = () => mustBeNull(failureAt(history, turn, point, newFigures()));
      checks.push({ name: `death of the manager in turn ${turn} of history ${seed}`, run });
    }
    return checks;
  });
}
