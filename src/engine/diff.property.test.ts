import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeHistory } from "../../sim/histories.ts";
import { service, system } from "../../sim/plans.ts";
import { assertProperty } from "../../tests/properties.ts";
import { needsNewProcess, planChanges } from "./diff.ts";
import { noLimits } from "./enforce-limits.ts";
import type { Plan, ServicePlan } from "./plan.ts";

/** A plan, and what applies make of it. */
const plans: fc.Arbitrary<[Plan, Plan]> = fc.tuple(fc.nat(1_000_000), fc.nat(20)).map(([seed, at]) => {
  const { plan, moves } = makeHistory(seed);
  const applies = moves.flatMap((move) => (move.kind === "apply" ? [move.services] : []));
  const to = applies[at % Math.max(1, applies.length)] ?? makeHistory(seed + 1).plan.services;
  return [plan, { ...plan, services: to }];
});

function without(one: ServicePlan): unknown {
  return { ...one, definedAt: "" };
}

test("planChanges() finds no difference between a plan and its copy", () => {
  assertProperty(
    fc.property(plans, ([plan]) => {
      const changes = planChanges(plan, JSON.parse(JSON.stringify(plan)) as Plan, []);
      assert.deepEqual(
        changes,
        plan.services.map(({ name }) => ({ service: name, action: "keep", because: "" })),
      );
    }),
    { runs: 200 },
  );
});

test("planChanges() names each service once, in order, and keeps silent only about what is the same", () => {
  const actions = new Map<string, number>();
  assertProperty(
    fc.property(plans, ([from, to]) => {
      const changes = planChanges(from, to, []);
      const names = to.services.map(({ name }) => name);
      const gone = from.services.map(({ name }) => name).filter((name) => !names.includes(name));
      assert.deepEqual(
        changes.map((change) => change.service),
        [...names, ...gone],
      );
      for (const { service: name, action, because } of changes) {
        actions.set(action, (actions.get(action) ?? 0) + 1);
        const one = from.services.find((each) => each.name === name);
        const other = to.services.find((each) => each.name === name);
        if (action === "keep" && because === "")
          assert.deepEqual(without(one as ServicePlan), without(other as ServicePlan));
        else assert.notDeepEqual(one, other);
        if (action === "restart") assert.ok(needsNewProcess(one as ServicePlan, other as ServicePlan));
      }
    }),
    { runs: 600 },
  );
  for (const action of ["keep", "in-place", "start", "stop", "restart"])
    assert.ok((actions.get(action) ?? 0) > 20, `${action}: ${actions.get(action)}`);
});

test("planChanges() sees a difference in every field of a service but where it is defined", () => {
  const one = service("a");
  for (const field of Object.keys(one) as (keyof ServicePlan)[]) {
    if (field === "name") continue;
    const values: Partial<ServicePlan> = { enabled: false, limits: { ...noLimits, pids: 7 } };
    const other = { ...one, [field]: values[field] ?? ["something else"] };
    const [change] = planChanges(system([one]), system([other]), []);
    if (field === "definedAt") assert.equal(change?.because, "");
    else assert.notEqual(change?.because, "", field);
  }
});
