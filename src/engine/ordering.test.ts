import assert from "node:assert/strict";
import { test } from "node:test";
import { health, needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { type Edge, engineOf, type Node } from "./engine.ts";
import type { ServicePlan } from "./plan.ts";

const count = 200;
const names = Array.from({ length: count }, (_, at) => `s${at}`);

/** Counts how often the edges of a list are read. */
function counted(edges: readonly Edge[]): { edges: readonly Edge[]; reads: () => number } {
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

test("what waits for health does not start when it is looked at for another reason", () => {
  const once = restart({ policy: "no" });
  const all = new ByHand(
    service("web", { health: health() }),
    service("db", { restart: once }),
    service("user", { dependsOn: [needs("web", { wait: "healthy" }), needs("db")] }),
  );
  all.mainStarts("web");
  all.mainStarts("db");
  all.mainEnds("db", 1);
  all.treeEmptied("db");
  assert.equal(all.unit("user").blockedBy, "db");
  all.request({ verb: "start", names: ["db"] });
  all.mainStarts("db");
  all.request({ verb: "start", names: ["user"] });
  assert.equal(all.unit("user").state, "waiting");
  all.event({ kind: "probe-succeeded", ticket: all.run("web").health });
  assert.equal(all.unit("user").state, "starting");
});

test("what a new definition needs may stop while the run by the old one goes on", () => {
  const [c, a] = [service("c"), service("a")];
  const x = service("x", { dependsOn: [needs("a")] });
  const all = new ByHand(c, a, x);
  for (const name of ["c", "a", "x"]) all.mainStarts(name);
  all.apply(c, service("a", { user: "www", dependsOn: [needs("c")] }), x);
  assert.deepEqual([all.unit("a").state, all.unit("x").state], ["ready", "stopping"]);
  all.request({ verb: "stop", names: ["c"], force: false });
  assert.equal(all.unit("c").state, "stopping");
});

test("what conflicted by the last definition only does not hold a start back", () => {
  const all = new ByHand(service("a", { conflicts: ["b"] }), service("b", { enabled: false, conflicts: ["a"] }));
  all.mainStarts("a");
  all.apply(service("a", { user: "www" }), service("b"));
  all.mainStarts("b");
  all.mainEnds("a", 0);
  all.treeEmptied("a");
  assert.deepEqual([all.unit("a").state, all.unit("b").state], ["starting", "ready"]);
});
