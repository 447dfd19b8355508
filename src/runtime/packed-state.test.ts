import assert from "node:assert/strict";
import { test } from "node:test";
import { runHistory } from "../../sim/fuzz.ts";
import { makeHistory } from "../../sim/histories.ts";
import { withItem } from "../engine/lists.ts";
import { initialState, newRun, newUnit, type State, type Unit, withoutPlan } from "../engine/state.ts";
import { packState, unpackState } from "./packed-state.ts";

function afterSnapshot(state: State): State {
  return unpackState(JSON.parse(JSON.stringify(packState(withoutPlan(state)))));
}

test("a state comes out of its snapshot as it was, whatever has happened", () => {
  let states = 0;
  for (let seed = 1; seed <= 15; seed++)
    runHistory(makeHistory(seed), undefined, {
      watch: (_what, { state }) => {
        if (states++ % 7 === 0) assert.equal(JSON.stringify(afterSnapshot(state)), JSON.stringify(withoutPlan(state)));
      },
    });
  assert.ok(states > 1000, `only ${states} states`);
});

test("packState() leaves out what is as in a new unit and a new run", () => {
  const unit = { ...newUnit("web", 5), run: { ...newRun(7, 6), pid: 70, left: [71] } };
  const { units } = packState({ ...initialState(), units: [unit] });
  const run = { start: 7, beganMs: 6, pid: 70, left: [71] };
  const { quiet, causes } = unit;
  assert.deepEqual(units, [{ name: "web", sinceBootMs: 5, run, quiet, causes }]);
});

test("unpackState() reads a state that holds all fields, and what is added to a list of one unit is in no other", () => {
  const units = ["a", "b"].map((name) => ({ ...newUnit(name, 5), run: newRun(7, 6) }));
  const state = { ...initialState(), units };
  assert.deepEqual(unpackState(state), state);
  const [a, b] = afterSnapshot(state).units as [Unit, Unit];
  a.restartTimes = withItem(a.restartTimes, 1);
  assert.deepEqual([a.restartTimes, b.restartTimes, newUnit("", 0).restartTimes], [[1], [], []]);
});
