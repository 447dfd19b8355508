import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { engineOf } from "./engine.ts";
import { initialState, withoutPlan } from "./state.ts";
import { step } from "./step.ts";

const now = { monotonicMs: 5, bootMs: 5, wallMs: 5 };

test("engineOf() refuses a state that has lost its plan", () => {
  const state = initialState();
  const load = { kind: "plan-loaded", plan: system([service("a")]), request: null, only: null } as const;
  step(state, { now, random: 1, events: [load] });
  assert.throws(() => engineOf(withoutPlan(state)), /assert: unit a has no definition/);
});
