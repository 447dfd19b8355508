import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { type Edge, engineOf, type Node } from "./engine.ts";
import type { ServicePlan } from "./plan.ts";

const count = 200;
const names = Array.from({ length: count }, (_, at) => `s${at}`);

/** Counts how often the edges of a list are read. */
function counted(edges: Edge[]): { edges: Edge[]; reads: () => number } {
  let reads = 0;
  const watched = new Proxy(edges, {
    get: (target, key, receiver) => {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, receiver);
    },
  });
  return { edges: watched, reads: () => reads };
}

const many: Record<string, Partial<ServicePlan>> = {
  needs: { dependsOn: names.map((name) => needs(name, { restart: false })) },
  "optional needs": { dependsOn: names.map((name) => needs(name, { restart: false, required: false })) },
  "services to come after": { after: names },
};

for (const [what, options] of Object.entries(many)) {
  test(`wakeWaiting() looks at few of many ${what} when one of them changes`, () => assertFewReads(options));
}

function assertFewReads(options: Partial<ServicePlan>): void {
  const hand = new ByHand(...names.map((name) => service(name)), service("all", options));
  hand.check = false;
  const all = engineOf(hand.state).byName.get("all") as Node;
  const watched = counted(all.needs);
  all.needs = watched.edges;
  for (const name of names) hand.mainStarts(name);
  assert.equal(hand.unit("all").state, "starting");
  const whileStarting = watched.reads();
  assert.ok(whileStarting > count && whileStarting < 10 * count, `${whileStarting} reads for ${count} needs`);
  hand.mainStarts("all");
  const before = watched.reads();
  for (const name of names) hand.mainEnds(name, 1);
  assert.equal(watched.reads(), before, "what runs is not held up by what it needs");
}
