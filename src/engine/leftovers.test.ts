/** What is left behind, when something else is wanted between the end and the answer that some are left. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { command, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import type { Effect } from "./effect.ts";
import type { ServicePlan } from "./plan.ts";

const isAskedToEnd = (effects: Effect[]): boolean => effects.some(({ kind }) => kind === "signal");

/** `web` has ended with success, and nobody has said yet whether something is left of it. */
function ended(options: Partial<ServicePlan> = {}, ...others: ServicePlan[]): ByHand {
  const hand = new ByHand(service("web", options), ...others);
  hand.mainStarts("web");
  hand.mainEnds("web", 0);
  return hand;
}

test("treeRemains() lets what is left finish after a final end with success", () => {
  assert.equal(isAskedToEnd(ended().treeRemains("web", 7)), false);
  assert.equal(isAskedToEnd(ended({ type: "task" }).treeRemains("web", 7)), false);
  assert.equal(
    isAskedToEnd(ended({ type: "task", restart: restart({ policy: "always" }) }).treeRemains("web", 7)),
    false,
  );
});

test("treeRemains() asks what is left to end when there is to be a next run", () => {
  assert.equal(isAskedToEnd(ended({ type: "task", runs: 2 }).treeRemains("web", 7)), true);
  assert.equal(isAskedToEnd(ended({ restart: restart({ policy: "always" }) }).treeRemains("web", 7)), true);
});

test("treeRemains() asks what is left to end when a stop, a restart or a shutdown was asked for meanwhile", () => {
  const stopped = ended();
  stopped.request({ verb: "stop", names: ["web"], force: false });
  assert.equal(isAskedToEnd(stopped.treeRemains("web", 7)), true);
  const restarted = ended();
  restarted.request({ verb: "restart", names: ["web"] });
  assert.equal(isAskedToEnd(restarted.treeRemains("web", 7)), true);
  const down = ended();
  down.request({ verb: "shutdown", mode: ShutdownMode.exit, exitCode: null, force: false, reason: "asked for" });
  assert.equal(isAskedToEnd(down.treeRemains("web", 7)), true);
});

test("treeRemains() asks what post_stop left to end", () => {
  const hand = ended({ postStop: [command("/bin/tidy")] });
  hand.treeEmptied("web");
  hand.auxStarts("web");
  hand.auxEnds("web", 0);
  assert.equal(isAskedToEnd(hand.treeRemains("web", 7)), true);
});

test("treeRemains() keeps twenty process numbers", () => {
  const hand = ended();
  hand.treeRemains("web", ...Array.from({ length: 25 }, (_, at) => 100 + at));
  assert.equal(hand.run("web").left.length, 20);
});

test("stopTimeout() of a service that restarts too fast to be told of is not told of either", () => {
  const hand = new ByHand(service("web", { restart: restart({ policy: "always", delayMs: 0 }) }));
  const killed = (): string[] => {
    hand.mainStarts("web");
    hand.mainEnds("web", 0);
    hand.treeRemains("web", 7);
    const effects = hand.timerFires("web");
    hand.treeEmptied("web");
    return effects.flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));
  };
  for (let count = 0; count < 5; count++) assert.deepEqual(killed(), ["Killing service"]);
  assert.deepEqual(killed(), []);
});

test("stopTimeout() tells how many processes were left and had to be killed", () => {
  const killed = (...pids: number[]) => {
    const hand = ended({ restart: restart({ policy: "always" }) });
    hand.treeRemains("web", ...pids);
    hand.timerFires("web");
    return hand.run("web").killed;
  };
  assert.equal(killed(7), "1 process that it left killed after 10s");
  assert.equal(killed(7, 8), "2 processes that it left killed after 10s");
});
