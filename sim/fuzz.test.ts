// limit: 480 s
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Figures, fuzz, newFigures, runHistory, shrink } from "./fuzz.ts";
import { type History, type Move, makeHistory } from "./histories.ts";
import { shownFailure } from "./show.ts";

/** Another seed, or more events: FUZZ_SEED=17 FUZZ_EVENTS=50000000 npm test -- sim/fuzz */
const seed = Number(process.env.FUZZ_SEED ?? 1);
const usual = 5_000_000;
const events = Number(process.env.FUZZ_EVENTS ?? usual);
/** How often each pair of state and event is to be seen. */
const pairLeast = 100;

function shownFigures(figures: Figures): string {
  const { histories, events, faults, longestCalm, crashes, requests, coverage } = figures;
  const hours = (figures.virtualMs / 3_600_000).toFixed(1);
  return `figures: ${histories} histories, ${events} events, ${faults} faults (at most ${longestCalm} events between two), ${crashes} manager crashes, ${requests} requests, ${hours} virtual hours, ${coverage.summary()}`;
}

test("no random history breaks an invariant", () => {
  const figures = newFigures();
  const failure = fuzz(seed, events, figures);
  console.log(shownFigures(figures));
  assert.equal(failure, null, failure === null ? "" : shownFailure(failure));
  assert.ok(figures.crashes > events / 100, "too few crashes of the manager");
  assert.ok(figures.longestCalm <= 100, "too long without a fault");
  if (events >= usual) assert.deepEqual(figures.coverage.gaps(pairLeast), []);
});

test("the same seed gives the same history and the same end", () => {
  const first = runHistory(makeHistory(4711));
  const second = runHistory(makeHistory(4711));
  assert.equal(first.eventCount, second.eventCount);
  assert.deepEqual(first.finished, second.finished);
});

test("shrink() keeps what a failure needs and drops the rest", () => {
  // The fault is planted: a history counts as failing when it holds a request to stop.
  const isStop = (one: Move) => one.kind === "request" && one.request.verb === "stop";
  const histories = Array.from({ length: 20 }, (_, at) => makeHistory(at + 1));
  const history = histories.find(({ moves }) => moves.length > 10 && moves.some(isStop)) as History;
  const shrunk = shrink(history, (candidate) => candidate.moves.some(isStop));
  assert.equal(shrunk.moves.length, 1);
  assert.equal(shrunk.plan.services.length, 0);
});
