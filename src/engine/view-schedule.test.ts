import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { parseSchedule } from "../config/schedule-keys.ts";
import { engineOf, type Node } from "./engine.ts";
import type { SchedulePlan, ServicePlan } from "./plan.ts";
import { nextTimeText, noTimeText, scheduleStatus } from "./view-schedule.ts";

const hourMs = 3_600_000;

function task(name: string, text: string, timezone = "UTC"): ServicePlan {
  const found = parseSchedule(text);
  assert.ok("kind" in found, text);
  const rest = { jitterMs: 0, missed: "skip", overlap: "skip", timezone };
  return service(name, { type: "task", schedule: { ...found, ...rest } as SchedulePlan });
}

/** On the first of January 1970 at 00:00 UTC, with a zone that is two hours ahead. */
function begin(...services: ServicePlan[]): ByHand {
  const hand = new ByHand();
  hand.nowMs = 0;
  const plan = system(services, { zones: { "Here/Two": [7200] } });
  hand.event({ kind: "plan-loaded", plan, request: null, only: null });
  return hand;
}

function nodeOf(hand: ByHand, name: string): Node {
  return engineOf(hand.state).byName.get(name) as Node;
}

const at = (ms: number) => ({ monotonicMs: ms, bootMs: ms, wallMs: ms });

function nextOf(hand: ByHand, name: string, nowMs: number): string {
  return nextTimeText(hand.state, nodeOf(hand, name), at(nowMs));
}

test("scheduleStatus() tells of a task in its zone when it runs next, and what became of its last run", () => {
  const hand = begin(task("nightly", "30 3 * * *", "Here/Two"), task("often", "every 1h"), service("web"));
  assert.equal(scheduleStatus(hand.state, nodeOf(hand, "web"), at(0)), null);
  assert.deepEqual(scheduleStatus(hand.state, nodeOf(hand, "nightly"), at(0)), {
    text: "30 3 * * *",
    timezone: "Here/Two",
    nextWallMs: 1.5 * hourMs,
    next: "1970-01-01 03:30:00 Here/Two",
    last: "",
    skipped: 0,
  });
  for (const name of ["nightly", "often"]) {
    hand.nowMs = 1.5 * hourMs;
    hand.request({ verb: "run-task", names: [name] });
    hand.mainStarts(name);
    hand.mainEnds(name, 3);
    hand.treeEmptied(name);
  }
  const lastOf = (name: string) => scheduleStatus(hand.state, nodeOf(hand, name), at(hand.nowMs))?.last;
  assert.equal(lastOf("nightly"), "exited 3, 1970-01-01 03:30:00 Here/Two");
  assert.equal(lastOf("often"), "exited 3, 1970-01-01 01:30:00 UTC");
});

test("scheduleStatus() has no next time for a task that is off its schedule", () => {
  const hand = begin(task("nightly", "30 3 * * *"));
  hand.request({ verb: "stop", names: ["nightly"], force: false });
  const status = scheduleStatus(hand.state, nodeOf(hand, "nightly"), at(0));
  assert.deepEqual([status?.nextWallMs, status?.next], [null, ""]);
  assert.equal(nextOf(hand, "nightly", 0), "");
  assert.equal(noTimeText(nodeOf(hand, "nightly")), "it is not on its schedule: 30 3 * * *");
});

test("nextTimeText() tells days only of what is two of them away", () => {
  const hand = begin(task("monday", "0 1 5 * *"));
  const next = "its next time, 1970-01-05 01:00:00 UTC (0 1 5 * *), in";
  assert.equal(nextOf(hand, "monday", 0), `${next} 4d1h`);
  assert.equal(nextOf(hand, "monday", 49 * hourMs), `${next} 2d0h`);
  assert.equal(nextOf(hand, "monday", 49 * hourMs + 60_000), `${next} 47h59m`);
  assert.equal(nextOf(hand, "monday", 98 * hourMs), `${next} 0ms`);
});

test("noTimeText() tells of a task whose only time has passed", () => {
  const hand = begin(task("once", "at boot+1m"));
  hand.nowMs = 61_000;
  hand.event({ kind: "timer-fired", ticket: hand.unit("once").schedule?.timer ?? 0 });
  assert.equal(noTimeText(nodeOf(hand, "once")), "its time has passed: at boot+1m");
});
