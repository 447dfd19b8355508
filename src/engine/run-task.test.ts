import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { readCauses } from "./causes.ts";
import type { Effect, Reply } from "./effect.ts";
import type { ServicePlan } from "./plan.ts";

const job = (name: string, options: Partial<ServicePlan> = {}): ServicePlan =>
  service(name, { type: "task", enabled: false, ...options });

function repliesIn(effects: Effect[]): Reply[] {
  return effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));
}

function runs(hand: ByHand, ...names: string[]): Effect[] {
  return hand.request({ verb: "run-task", names });
}

test("run-task runs those that do not run yet, says so in their causes, and leaves the others as they are", () => {
  const hand = new ByHand(job("a", { enabled: true }), job("b"));
  hand.mainStarts("a");
  runs(hand, "a", "b");
  assert.deepEqual([hand.unit("a").wantedBecause, hand.unit("b").wantedBecause], ["enabled", "run-task was asked for"]);
  assert.equal(hand.unit("b").state, "starting");
  assert.ok(readCauses(hand.unit("b").causes).some(({ rule }) => rule === "run-task"));
});

test("run-task is answered with what the run ended with, where that is known", () => {
  const ended = (code: number | null, signal: number | null) => {
    const hand = new ByHand(job("a"));
    runs(hand, "a");
    hand.mainStarts("a");
    hand.mainEnds("a", code, { signal });
    return repliesIn(hand.treeEmptied("a")).map((reply) => "results" in reply && reply.results[0]?.exitCode);
  };
  assert.deepEqual([ended(0, null), ended(3, null), ended(null, 9)], [[0], [3], [137]]);
  const hand = new ByHand(job("a"));
  runs(hand, "a");
  const [reply] = repliesIn(hand.mainFails("a"));
  assert.ok(reply !== undefined && "results" in reply && reply.results[0] !== undefined);
  assert.equal("exitCode" in reply.results[0], false);
});

test("run-task is answered when the task is stopped instead", () => {
  const hand = new ByHand(job("a"));
  runs(hand, "a");
  hand.mainStarts("a");
  const replies = repliesIn(hand.request({ verb: "stop", names: ["a"], force: false }));
  assert.deepEqual(
    replies.map(({ outcome }) => outcome),
    ["replaced"],
  );
});

test("run-task of a task that cannot begin is answered at once", () => {
  const hand = new ByHand(
    service("db", { restart: restart({ policy: "no" }) }),
    job("a", { dependsOn: [needs("db")] }),
  );
  hand.mainStarts("db");
  hand.mainEnds("db", 1);
  hand.treeEmptied("db");
  const [reply] = repliesIn(runs(hand, "a"));
  assert.deepEqual(reply && "results" in reply && reply.results.map(({ did }) => did), ["blocked"]);
});
