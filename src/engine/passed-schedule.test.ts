/** A task at boot that came into the plan when its time had passed: it waits, and no time is to come. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { Role } from "../contract.ts";
import { outstanding } from "./outstanding.ts";
import type { SchedulePlan } from "./plan.ts";
import { systemStatus } from "./view-status.ts";
import { explain } from "./view-why.ts";

const schedule: SchedulePlan = {
  kind: "boot",
  text: "boot",
  delayMs: 0,
  jitterMs: 0,
  missed: "skip",
  overlap: "skip",
};
const once = service("once", { type: "task", schedule });

/** Two minutes after the machine's start. */
function late(role: number, ...services: ReturnType<typeof service>[]): ByHand {
  const hand = new ByHand(service("a"));
  hand.mainStarts("a");
  hand.nowMs += 120_000;
  hand.event({ kind: "plan-loaded", plan: system(services, { role }), request: null, only: null });
  return hand;
}

test("what needs a task whose time has passed is blocked, and why tells how to go on", () => {
  const hand = late(Role.vm, service("a"), once, service("user", { dependsOn: [needs("once")] }));
  const now = { monotonicMs: hand.nowMs, bootMs: hand.nowMs, wallMs: hand.nowMs };
  const why = explain(hand.state, "user", now);
  assert.deepEqual([why?.because, why?.release], ["blocked by once (its time has passed)", ["gonit run-task once"]]);
  const status = systemStatus(hand.state, now).services.find(({ name }) => name === "once");
  assert.equal(status?.reason, "its time has passed: boot");
});

test("a container in which only such a task is left ends", () => {
  const hand = late(Role.container, once);
  hand.mainEnds("a", null, { signal: 15 });
  hand.treeEmptied("a");
  assert.notEqual(hand.state.shutdown, null);
});

test("no timer is armed again for it, and it cannot be reloaded", () => {
  const hand = late(Role.vm, service("a"), once);
  assert.deepEqual(outstanding(hand.state), []);
  const replies = hand
    .request({ verb: "reload", names: ["once"] })
    .flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));
  assert.deepEqual(
    replies.flatMap((reply) => ("results" in reply ? reply.results.map(({ did, reason }) => [did, reason]) : [])),
    [["not running", "is not running"]],
  );
});

test("an apply without a task at times disarms its timer, once, also while it runs", () => {
  for (const isRunning of [false, true]) {
    const hand = new ByHand(service("a"), service("poll", { type: "task", schedule: { ...schedule, delayMs: 1000 } }));
    hand.mainStarts("a");
    if (isRunning) {
      hand.request({ verb: "run-task", names: ["poll"] });
      hand.mainStarts("poll");
    }
    const timer = hand.unit("poll").schedule?.timer ?? 0;
    const cancelled = hand
      .apply(service("a"))
      .filter((effect) => effect.kind === "cancel-timer" && effect.ticket === timer);
    assert.equal(cancelled.length, 1);
  }
});

test("a reload of what waited, and runs at times by a new plan, is told that it does not run", () => {
  const [b, reload] = [service("b", { ready: { kind: "notify" } }), { kind: "signal", signal: 1 } as const];
  const hand = new ByHand(service("a", { reload, dependsOn: [needs("b")] }), b);
  hand.request({ verb: "reload", names: ["a"] });
  const effects = hand.load(service("a", { reload, type: "task", schedule: { ...schedule, delayMs: 5000 } }), b);
  const [reply] = effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));
  assert.deepEqual(reply && "results" in reply && reply.results.map(({ did, reason }) => [did, reason]), [
    ["not running", "is not running"],
  ]);
});
