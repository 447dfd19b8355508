import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { parseSchedule } from "../config/schedule-keys.ts";
import { Clock, Role } from "../contract.ts";
import { readCauses } from "./causes.ts";
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

type Zones = Record<string, number[]>;

function applied(hand: ByHand, zones: Zones, ...services: ServicePlan[]): Effect[] {
  const plan = system(services, { role: Role.vm, zones });
  return hand.event({ kind: "plan-loaded", plan, request: null, only: null });
}

/** Rules and effects of a unit, newest first. */
const causesOf = (hand: ByHand, name: string): string[] =>
  readCauses(hand.unit(name).causes).map(({ rule, effect }) => `${rule}: ${effect}`);

const nextOf = (hand: ByHand, name: string): number => hand.unit(name).schedule?.atMs ?? -1;
const lastOf = (hand: ByHand, name: string): number => hand.unit(name).schedule?.lastMs ?? -1;

test("an apply of the same schedule changes nothing; another zone, or another table of it, the next time", () => {
  const hand = loaded(100 * hourMs + 1, {});
  const daily = (zone: string) => task("a", "0 12 * * *", { timezone: zone } as Partial<SchedulePlan>);
  const interval = task("b", "every 1h");
  applied(hand, { One: [3600] }, daily("One"), interval);
  assert.equal(nextOf(hand, "a"), 107 * hourMs);
  hand.nowMs = 107 * hourMs;
  fires(hand, "a");
  const interim = nextOf(hand, "b");
  hand.nowMs++;
  assert.deepEqual(
    applied(hand, { One: [3600] }, daily("One"), interval).filter(({ kind }) => kind === "arm-timer"),
    [],
  );
  assert.deepEqual([lastOf(hand, "a"), nextOf(hand, "b")], [107 * hourMs, interim]);
  applied(hand, { One: [7200] }, daily("One"), interval);
  assert.deepEqual([lastOf(hand, "a"), nextOf(hand, "a")], [107 * hourMs, 130 * hourMs]);
  applied(hand, { One: [7200], Two: [0] }, daily("Two"), interval);
  assert.deepEqual([lastOf(hand, "a"), nextOf(hand, "a")], [-1, 108 * hourMs]);
});

test("a task that is to be tried again and gets a schedule is still tried again; one that waits waits for its time", () => {
  const failing = { restart: { ...service("a").restart, delayMs: 1000 } };
  const hand = loaded(0, {}, service("a", { type: "task", ...failing }));
  hand.mainStarts("a");
  hand.mainEnds("a", 1);
  hand.treeEmptied("a");
  const gate = service("gate", { enabled: false });
  const waiting = service("w", {
    type: "task",
    dependsOn: [{ name: "gate", wait: "done", required: true, restart: true }],
  });
  applied(hand, {}, { ...task("a", "every 1h"), ...failing }, gate, waiting);
  hand.event({ kind: "timer-fired", ticket: hand.unit("a").backoff });
  assert.equal(hand.unit("a").state, "starting");
  assert.equal(hand.unit("w").state, "waiting");
  applied(hand, {}, { ...task("a", "every 1h"), ...failing }, gate, {
    ...waiting,
    schedule: task("w", "every 1h").schedule,
  });
  assert.ok(causesOf(hand, "w").includes("scheduled: "), causesOf(hand, "w").join());
});

test("a task that is stopped keeps its last time, so that a clock set back runs nothing twice", () => {
  const hand = loaded(100 * hourMs + 1, {}, task("a", "0 * * * *"));
  hand.nowMs = 101 * hourMs;
  fires(hand, "a");
  hand.request({ verb: "stop", names: ["a"], force: false });
  hand.nowMs = 100 * hourMs + 2;
  assert.deepEqual(hand.event({ kind: "clock-stepped" }), []);
  hand.request({ verb: "start", names: ["a"] });
  assert.equal(nextOf(hand, "a"), 102 * hourMs);
  hand.request({ verb: "stop", names: ["a"], force: false });
  hand.nowMs = 110 * hourMs + 1;
  hand.request({ verb: "start", names: ["a"] });
  assert.equal(nextOf(hand, "a"), 111 * hourMs);
});

test("intervals shorter than their jitter all come, each counted from the one before", () => {
  const hand = loaded(100 * hourMs, {}, task("b", "every 1m", { jitterMs: 600_000 }));
  const dues: number[] = [];
  for (let fired = 0; fired < 20; fired++) {
    dues.push(hand.unit("b").schedule?.dueAtMs ?? 0);
    hand.nowMs = Math.max(hand.nowMs, nextOf(hand, "b"));
    hand.random = 1_000_003 * (fired + 1);
    fires(hand, "b");
  }
  assert.deepEqual(
    dues,
    Array.from({ length: 20 }, (_, at) => 100 * hourMs + (at + 1) * 60_000),
  );
});

test("a time at boot runs up to a minute late", () => {
  for (const [lateMs, isRun] of [
    [60_000, true],
    [60_001, false],
  ] as const) {
    const hand = loaded(1000, {}, service("web"));
    hand.nowMs = 1000 + 5000 + lateMs;
    applied(hand, {}, service("web"), task("a", "at boot+5s"));
    assert.equal(hand.unit("a").schedule?.timer !== 0, isRun);
  }
});

test("a missed time is told as the zone's clock showed it, and is a cause", () => {
  const hand = loaded(100 * hourMs + 1, {});
  const inZone = { timezone: "One" } as Partial<SchedulePlan>;
  applied(hand, { One: [3600] }, task("a", "0 * * * *", inZone), task("b", "0 * * * *", { ...inZone, missed: "run" }));
  hand.nowMs = 103 * hourMs;
  const [log] = fires(hand, "a").filter(({ kind }) => kind === "log");
  assert.deepEqual(log?.kind === "log" ? log.fields : {}, { at: "1970-01-05 06:00:00", service: "a" });
  assert.equal(causesOf(hand, "a")[0], "schedule-missed: 1970-01-05 06:00:00");
  fires(hand, "b");
  assert.ok(causesOf(hand, "b").includes("schedule-missed: made up for 1970-01-05 06:00:00"));
});

test("what becomes of a time that comes in a run is a cause", () => {
  for (const [overlap, told] of [
    ["skip", "overlap-skip: 1 so far"],
    ["queue", "overlap-queue: every 1h"],
    ["replace", "overlap-replace: every 1h"],
  ] as const) {
    const hand = loaded(0, {}, task("a", "every 1h", { overlap }));
    fires(hand, "a");
    hand.mainStarts("a");
    fires(hand, "a");
    assert.ok(causesOf(hand, "a").includes(told), causesOf(hand, "a").join());
    if (overlap !== "queue") continue;
    hand.mainEnds("a", 0);
    hand.treeEmptied("a");
    assert.ok(causesOf(hand, "a").includes("schedule-due: was put off until the last run's end"));
  }
});

test("a time that comes while a run is due and blocked is left out", () => {
  const blocked = { dependsOn: [{ name: "db", wait: "ready", required: true, restart: true } as const] };
  const hand = loaded(0, {}, service("db", { enabled: false }), {
    ...task("a", "every 1h", { overlap: "queue" }),
    ...blocked,
  });
  hand.request({ verb: "stop", names: ["db"], force: false });
  fires(hand, "a");
  fires(hand, "a");
  assert.deepEqual([hand.unit("a").blockedBy, hand.unit("a").schedule?.skipped], ["db", 1]);
});

test("each time begins with a clean count of failures and restarts", () => {
  const limited = { ...service("a").restart, delayMs: 1000, limit: { count: 1, windowMs: 10 * hourMs } };
  const hand = loaded(0, {}, { ...task("a", "every 1h"), restart: limited });
  const fails = (): void => {
    hand.mainStarts("a");
    hand.mainEnds("a", 1);
    hand.treeEmptied("a");
  };
  fires(hand, "a");
  fails();
  hand.event({ kind: "timer-fired", ticket: hand.unit("a").backoff });
  fails();
  assert.equal(hand.unit("a").state, "failed");
  fires(hand, "a");
  assert.deepEqual([hand.unit("a").failures, hand.unit("a").restartTimes], [0, []]);
  fails();
  assert.equal(hand.unit("a").state, "backing-off");
});

test("an interval goes on in its rhythm after a stop, and takes no notice of a clock that is set", () => {
  const hand = loaded(100 * hourMs, {}, task("a", "every 1h"));
  hand.nowMs += 1000;
  assert.deepEqual(hand.event({ kind: "clock-stepped" }), []);
  hand.nowMs = 101 * hourMs;
  fires(hand, "a");
  hand.request({ verb: "stop", names: ["a"], force: false });
  hand.nowMs = 105 * hourMs + 7;
  hand.request({ verb: "start", names: ["a"] });
  assert.equal(nextOf(hand, "a"), 106 * hourMs);
});
