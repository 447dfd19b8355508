import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHistory } from "../../sim/histories.ts";
import { service, system } from "../../sim/plans.ts";
import { packPlan, unpackPlan } from "./packed-plan.ts";
import { shareParts } from "./share-parts.ts";

test("a plan comes out of its packed text as it was, with shared parts shared", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const plan = shareParts(makeHistory(seed).plan);
    const found = unpackPlan(packPlan(plan));
    assert.deepEqual(found, plan);
    assert.deepEqual(Object.keys(found?.services[0] ?? {}), Object.keys(plan.services[0] ?? {}));
    for (const [at, service] of plan.services.entries())
      for (const [other, twin] of plan.services.entries())
        if (service.stop === twin.stop) assert.equal(found?.services[at]?.stop, found?.services[other]?.stop);
  }
});

test("packPlan() makes equal parts one, also where the plan holds them apart", () => {
  const [web, mail] = [service("web", { tags: ["x"] }), service("mail", { tags: ["x"] })];
  const plan = unpackPlan(packPlan(system([web, mail])));
  assert.deepEqual(plan, system([web, mail]));
  assert.equal(plan?.services[0]?.tags, plan?.services[1]?.tags);
});

test("a plan without services, and a text that is none", () => {
  assert.deepEqual(unpackPlan(packPlan(system([]))), system([]));
  assert.equal(unpackPlan(packPlan(system([])).slice(0, -1)), null);
});
