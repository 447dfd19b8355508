import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import { readCauses } from "./causes.ts";
import type { Effect } from "./effect.ts";

function changes(hand: ByHand, name: string): Effect[] {
  return hand.event({ kind: "watched-changed", instance: { service: name, replica: 1 }, path: "/etc/web" });
}

test("a watched file that changes stands in the causes of the restart", () => {
  const hand = new ByHand(service("web"));
  hand.mainStarts("web");
  changes(hand, "web");
  assert.ok(readCauses(hand.unit("web").causes).some(({ rule }) => rule === "watched-changed"));
  assert.equal(hand.unit("web").state, "stopping");
});

test("a watched file of a service that is gone, or that changes in a shutdown, means nothing", () => {
  const hand = new ByHand(service("web"), service("user", { dependsOn: [needs("web")] }));
  hand.mainStarts("web");
  hand.mainStarts("user");
  assert.deepEqual(changes(hand, "gone"), []);
  hand.request({ verb: "shutdown", mode: ShutdownMode.poweroff, exitCode: null, force: false, reason: "test" });
  assert.deepEqual(changes(hand, "web"), []);
});
