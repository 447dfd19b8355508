import assert from "node:assert/strict";
import { test } from "node:test";
import { restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect } from "./effect.ts";

/** A service that is started again at once, for ever. */
function restless(): ByHand {
  return new ByHand(service("web", { restart: restart({ policy: "always", delayMs: 0 }) }));
}

/** It ends, and is started again at this time: what is told of the start. */
function again(hand: ByHand, nowMs: number): string[] {
  hand.nowMs = nowMs;
  hand.mainStarts("web");
  hand.mainEnds("web", 0);
  return told(hand.treeEmptied("web"));
}

const told = (effects: Effect[]): string[] =>
  effects.flatMap((effect) => {
    if (effect.kind !== "log") return [];
    const { count } = effect.fields;
    return count === undefined ? [effect.message] : [`${effect.message}: ${count}`];
  });

const loud = ["Restarting service", "Starting service"];
const inAll = (count: number): string[] => [`Service restarted, lines left out: ${count}`, "Starting service"];

test("beginQuietOrLoud() tells of five starts in full, then of one a second", () => {
  const hand = restless();
  for (const nowMs of [1001, 1002, 1003, 1004]) assert.deepEqual(again(hand, nowMs), loud);
  assert.deepEqual(again(hand, 1005), ["Restarting service"]);
  assert.deepEqual(again(hand, 2003), []);
  assert.deepEqual(again(hand, 2004), inAll(2));
  assert.deepEqual(again(hand, 2005), ["Restarting service"]);
  assert.deepEqual(again(hand, 3003), []);
});

test("beginQuietOrLoud() tells in full again after ten calm seconds", () => {
  const hand = restless();
  for (const nowMs of [1001, 1002, 1003, 1004]) again(hand, nowMs);
  assert.deepEqual(again(hand, 11_004), loud);
  for (const nowMs of [11_005, 11_006, 11_007, 11_008]) assert.deepEqual(again(hand, nowMs), loud);
  assert.deepEqual(again(hand, 11_009), ["Restarting service"]);
  assert.deepEqual(again(hand, 11_010), []);
});

test("beginQuietOrLoud() goes on counting after a pause that is shorter", () => {
  const hand = restless();
  for (const nowMs of [1001, 1002, 1003, 1004]) again(hand, nowMs);
  assert.deepEqual(again(hand, 11_003), loud);
  assert.deepEqual(again(hand, 11_004), ["Restarting service"]);
});
