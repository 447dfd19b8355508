import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { parseSchedule } from "../config/schedule-keys.ts";
import { Clock, Role } from "../contract.ts";
import type { Effect } from "./effect.ts";
import type { SchedulePlan, ServicePlan } from "./plan.ts";

const hourMs = 3_600_000;

function task(name: string, text: string, options: Partial<SchedulePlan> = {}): ServicePlan {
  const found = parseSchedule(text);
  assert.ok("kind" in found, text);
  const rest = { jitterMs: 0, missed: "skip", overlap: "skip", timezone: "UTC", ...options };
  return service(name, { type: "task", schedule: { ...found, ...rest } as SchedulePlan });
}

/** The first plan, with what was kept of earlier runs. */
function loaded(nowMs: number, keptTimes: Record<string, number>, ...services: ServicePlan[]): ByHand {
  const hand = new ByHand();
  hand.nowMs = nowMs;
  hand.event({ kind: "plan-loaded", plan: system(services, { role: Role.vm }), request: null, only: null, keptTimes });
  return hand;
}

function fires(hand: ByHand, name: string): Effect[] {
  return hand.event({ kind: "timer-fired", ticket: hand.unit(name).schedule?.timer ?? 0 });
}

function spawns(effects: Effect[]): number {
  return effects.filter(({ kind }) => kind === "spawn").length;
}

test("a time that passed while gonit did not run is made up for, once, with missed: run", () => {
  const nowMs = 100 * hourMs + 1;
  const tasks = [
    task("late", "0 * * * *", { missed: "run" }),
    task("skips", "0 * * * *"),
    task("new", "0 * * * *", { missed: "run" }),
  ];
  const hand = loaded(nowMs, { late: 97 * hourMs, skips: 97 * hourMs, gone: 1 }, ...tasks);
  assert.equal(hand.unit("late").schedule?.atMs, 98 * hourMs);
  assert.equal(hand.unit("skips").schedule?.atMs, 101 * hourMs);
  assert.equal(hand.unit("new").schedule?.atMs, 101 * hourMs);
  const effects = fires(hand, "late");
  assert.equal(spawns(effects), 1);
  assert.equal(hand.unit("late").schedule?.atMs, 101 * hourMs);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === "keep-time"),
    [{ kind: "keep-time", service: "late", wallMs: nowMs }],
  );
});

test("what passes while a task is stopped is not missed", () => {
  const hand = loaded(100 * hourMs, {}, task("a", "0 * * * *", { missed: "run" }));
  hand.request({ verb: "stop", names: ["a"], force: false });
  hand.nowMs = 103 * hourMs + 5;
  hand.request({ verb: "start", names: ["a"] });
  assert.equal(hand.unit("a").schedule?.atMs, 104 * hourMs);
});

test("a time that is found less than a minute late was not missed", () => {
  const hand = loaded(100 * hourMs + 1, {}, task("a", "0 * * * *"), task("b", "0 * * * *"));
  hand.nowMs = 101 * hourMs + 60_000;
  assert.equal(spawns(fires(hand, "a")), 1);
  hand.nowMs++;
  assert.equal(spawns(fires(hand, "b")), 0);
});

test("times on the wall are armed on its clock, intervals on the one that nobody sets", () => {
  const hand = new ByHand();
  const effects = hand.load(task("a", "0 * * * *"), task("b", "every 1m"), task("c", "at boot+1m"));
  assert.deepEqual(
    effects.flatMap((effect) => (effect.kind === "arm-timer" ? [effect.clock] : [])),
    [Clock.wall, Clock.monotonic, Clock.monotonic],
  );
});

test("a jitter longer than the interval puts runs off and brings no more of them than there are times", () => {
  const hand = loaded(0, {}, task("a", "every 1s", { jitterMs: 10_000, overlap: "queue" }));
  let fired = 0;
  for (; fired < 100; fired++) {
    hand.nowMs = Math.max(hand.nowMs, hand.unit("a").schedule?.atMs ?? 0);
    hand.random = fired + 1;
    fires(hand, "a");
  }
  assert.ok(hand.nowMs >= (fired - 11) * 1000, `${fired} times within ${hand.nowMs} ms`);
});

test("a clock that stands far behind the last time begins anew; a little behind, it waits", () => {
  const hand = loaded(100 * hourMs + 1, {}, task("a", "0 * * * *"));
  hand.nowMs = 101 * hourMs;
  fires(hand, "a");
  hand.nowMs = 99 * hourMs;
  hand.event({ kind: "clock-stepped" });
  assert.equal(hand.unit("a").schedule?.atMs, 102 * hourMs);
  hand.nowMs = 76 * hourMs + 1;
  hand.event({ kind: "clock-stepped" });
  assert.equal(hand.unit("a").schedule?.atMs, 77 * hourMs);
});

test("run-task whose run is lost with the state, and followed by another, is told so", () => {
  const hand = loaded(0, {}, task("a", "every 1h"));
  hand.request({ verb: "run-task", names: ["a"] });
  hand.mainStarts("a");
  const later = hand.run("a").start + 10;
  const effects = hand.event({
    kind: "processes-adopted",
    processes: [{ service: "a", ticket: later, pid: 7, slot: 1 }],
  });
  const [reply] = effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));
  assert.equal(reply?.outcome, "failed");
  assert.match(reply?.outcome === "failed" ? reply.reason : "", /a has run again: how the run before ended was lost/);
});

test("a run that is due is the one that is found alive when the state was lost", () => {
  const hand = loaded(0, {}, { ...task("a", "every 1h"), restart: { ...service("a").restart, delayMs: 1000 } });
  fires(hand, "a");
  hand.mainStarts("a");
  hand.mainEnds("a", 1);
  hand.treeEmptied("a");
  assert.equal(hand.unit("a").state, "backing-off");
  const ticket = hand.state.nextTicket + 5;
  hand.event({ kind: "processes-adopted", processes: [{ service: "a", ticket, pid: 7, slot: 1 }] });
  hand.mainEnds("a", 0);
  hand.treeEmptied("a");
  assert.equal(hand.unit("a").state, "done");
});
