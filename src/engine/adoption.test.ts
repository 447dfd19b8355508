import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect } from "./effect.ts";

const adopted = (hand: ByHand, ticket: number): Effect[] =>
  hand.event({ kind: "processes-adopted", processes: [{ service: "web", ticket, pid: 7, slot: 1 }] });

test("processesAdopted() takes a process of the very start that the state knows for its run", () => {
  const hand = new ByHand(service("web"));
  const { start } = hand.run("web");
  const effects = adopted(hand, start);
  assert.deepEqual([hand.run("web").start, hand.run("web").pid, hand.unit("web").state], [start, 7, "ready"]);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === "forget-tree" || kind === "signal"),
    [],
  );
});

test("processesAdopted() ends a process of an earlier start", () => {
  const hand = new ByHand(service("web"));
  const { start } = hand.run("web");
  const effects = adopted(hand, start - 1);
  assert.deepEqual(hand.run("web").pid, 0);
  assert.equal(effects.filter(({ kind }) => kind === "signal").length, 1);
});

test("processesAdopted() waits no more for the tree of the run that is replaced", () => {
  const hand = new ByHand(service("web"));
  hand.mainStarts("web");
  hand.mainEnds("web", 1);
  const { start, tree } = hand.run("web");
  assert.deepEqual(
    adopted(hand, start + 100).filter(({ kind }) => kind === "forget-tree"),
    [{ kind: "forget-tree", ticket: tree }],
  );
});
