import assert from "node:assert/strict";
import { test } from "node:test";
import { health, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";

function running(): ByHand {
  const hand = new ByHand(service("a", { health: health() }));
  hand.mainStarts("a");
  return hand;
}

test("healthFailed() keeps as much of a reason as people read", () => {
  const hand = running();
  hand.event({ kind: "probe-failed", ticket: hand.run("a").health, reason: "x".repeat(1000) });
  assert.equal(hand.run("a").healthReason, "x".repeat(200));
});

test("healthFailed() counts from the moment at which the first yes was due, and not one moment before", () => {
  const hand = running();
  const fail = (atMs: number) => {
    hand.nowMs = atMs;
    hand.event({ kind: "probe-failed", ticket: hand.run("a").health, reason: "no" });
    return hand.run("a").healthFailures;
  };
  assert.deepEqual([fail(1500), fail(2999), fail(3000), fail(3250)], [0, 0, 2, 3]);
});

test("renewHealth() forgets the answers to another question", () => {
  const hand = running();
  hand.event({ kind: "probe-succeeded", ticket: hand.run("a").health });
  hand.event({ kind: "probe-failed", ticket: hand.run("a").health, reason: "no" });
  hand.load(service("a", { health: health({ failures: 5 }) }));
  const { healthReason, healthFailures, healthy } = hand.run("a");
  assert.deepEqual({ healthReason, healthFailures, healthy }, { healthReason: "", healthFailures: 0, healthy: true });
});
