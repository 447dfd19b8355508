import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect } from "./effect.ts";

const reloads = { reload: { kind: "signal", signal: 1 } } as const;

function orderIn(effects: Effect[]): Extract<Effect, { kind: "signal-handler" }> {
  const found = effects.find((effect) => effect.kind === "signal-handler");
  assert.ok(found?.kind === "signal-handler");
  return found;
}

function outcomes(effects: Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply.outcome] : []));
}

test("a reload by signal is over when the program has got the signal", () => {
  const hand = new ByHand(service("a", reloads));
  hand.mainStarts("a");
  const asked = hand.request({ verb: "reload", names: ["a"] });
  const { ticket, signal } = orderIn(asked);
  assert.equal(signal, 1);
  assert.deepEqual(outcomes(asked), []);
  const { start } = hand.run("a");
  assert.deepEqual(outcomes(hand.event({ kind: "signal-sent", ticket: start })), []);
  assert.deepEqual(outcomes(hand.event({ kind: "signal-sent", ticket })), ["done"]);
  for (const late of [ticket, start]) assert.deepEqual(hand.event({ kind: "signal-sent", ticket: late }), []);
});

test("a reload that comes while the signal is not answered is asked for by a signal of its own", () => {
  const hand = new ByHand(service("a", reloads));
  hand.mainStarts("a");
  const { ticket } = orderIn(hand.request({ verb: "reload", names: ["a"] }));
  const second = hand.request({ verb: "reload", names: ["a"] });
  assert.ok(!second.some(({ kind }) => kind === "signal-handler"));
  const after = hand.event({ kind: "signal-unhandled", ticket });
  assert.deepEqual(outcomes(after), ["failed"]);
  assert.deepEqual(outcomes(hand.event({ kind: "signal-sent", ticket: orderIn(after).ticket })), ["done"]);
});

test("a run that ends before the signal is answered has not reloaded", () => {
  const hand = new ByHand(service("a", reloads));
  hand.mainStarts("a");
  const { ticket } = orderIn(hand.request({ verb: "reload", names: ["a"] }));
  const ended = hand.mainEnds("a", 3);
  assert.deepEqual(outcomes(ended), ["failed"]);
  assert.deepEqual(outcomes(hand.event({ kind: "signal-sent", ticket })), []);
});
