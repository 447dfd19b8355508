import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { ServicePlan } from "./plan.ts";

test("a program gets a notify socket when its readiness or its watchdog comes over it", () => {
  const notifies = (options: Partial<ServicePlan>): boolean[] =>
    new ByHand().load(service("a", options)).flatMap((effect) => (effect.kind === "spawn" ? [effect.notify] : []));
  assert.deepEqual(notifies({}), [false]);
  assert.deepEqual(notifies({ watchdogMs: 1000 }), [true]);
  assert.deepEqual(notifies({ ready: { kind: "notify" } }), [true]);
});
