import assert from "node:assert/strict";
import { test } from "node:test";
import { command, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect, Reply } from "./effect.ts";

const adopted = (hand: ByHand, ticket: number): Effect[] =>
  hand.event({ kind: "processes-adopted", processes: [{ service: "web", ticket, pid: 7, slot: 1 }] });

const repliesIn = (effects: Effect[]): Reply[] =>
  effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));

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

test("processesAdopted() tells who waits for a task's run when that run was lost, and nobody else", () => {
  const hand = new ByHand(service("web", { type: "task", enabled: false }));
  hand.request({ verb: "run-task", names: ["web"] });
  hand.mainStarts("web");
  assert.deepEqual(repliesIn(adopted(hand, hand.run("web").start)), []);
  const [reply] = repliesIn(adopted(hand, hand.run("web").start + 100));
  const reason = "has run again: how the run before ended was lost with the state";
  assert.deepEqual(reply && "results" in reply && reply.results.map((one) => [one.did, one.reason]), [
    ["unknown", reason],
  ]);
});

test("processesAdopted() lets a reload end with the run that came after", () => {
  const hand = new ByHand(service("web", { reload: { kind: "command", command: command("/bin/again") } }));
  hand.mainStarts("web");
  hand.request({ verb: "reload", names: ["web"] });
  const [reply] = repliesIn(adopted(hand, hand.run("web").start + 100));
  assert.deepEqual(reply && "results" in reply && reply.results.map(({ did }) => did), ["reloaded"]);
});
