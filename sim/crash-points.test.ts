// limit: 480 s
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CrashFigures, crashEverywhere } from "./crash-points.ts";
import { newFigures } from "./fuzz.ts";

/** Others, or more: CRASH_SEED=5000 CRASH_HISTORIES=1000 npm test -- crash-points */
const seed = Number(process.env.CRASH_SEED ?? 1);
const histories = Number(process.env.CRASH_HISTORIES ?? 200);

test("the manager may die at every position of the journal", () => {
  const found: CrashFigures = { histories: 0, positions: 0, runs: 0, figures: newFigures() };
  const failure = crashEverywhere(seed, histories, found);
  const { runs, positions, figures } = found;
  console.log(`figures: ${found.histories} histories, ${positions} positions, ${runs} runs, ${figures.events} events`);
  assert.equal(failure, null);
});
