import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";

test("a signal that reloads is sent only to a program that handles it", () => {
  const hand = new ByHand(service("a", { reload: { kind: "signal", signal: 1 } }));
  hand.mainStarts("a");
  const sent = hand
    .request({ verb: "reload", names: ["a"] })
    .flatMap((effect) => (effect.kind === "signal" ? [[effect.signal, effect.ifHandled]] : []));
  assert.deepEqual(sent, [[1, true]]);
});
