import assert from "node:assert/strict";
import { test } from "node:test";
import { hourly, restart, service } from "../../sim/plans.ts";
import { ByHand, exited } from "../../tests/engine/by-hand.ts";
import { readCauses } from "./causes.ts";
import type { Effect } from "./effect.ts";
import type { ServicePlan } from "./plan.ts";

const rulesOf = (hand: ByHand, name: string): string[] => readCauses(hand.unit(name).causes).map(({ rule }) => rule);

const delaysIn = (effects: Effect[]): unknown[] =>
  effects.flatMap((effect) => (effect.kind === "arm-timer" ? [effect.atMs] : []));

/** Services that end in one step, each with a delay of its own: with this jitter it is the number that chance gave. */
function delaysOf(random: number): unknown[] {
  const policy = restart({ delayMs: 2 ** 31, delayMsMax: 2 ** 31, jitter: 1 });
  const names = ["a", "b", "c"];
  const hand = new ByHand(...names.map((name) => service(name, { restart: policy })));
  hand.nowMs = 0;
  for (const name of names) {
    hand.mainStarts(name);
    hand.mainEnds(name, 1);
  }
  hand.random = random;
  return delaysIn(
    hand.events(...names.map((name) => ({ kind: "tree-emptied" as const, ticket: hand.run(name).tree }))),
  );
}

test("settle() spreads the delays of what ends in one step by chance: xorshift, from the step's seed", () => {
  // Marsaglia's sequence for 13, 17, 5 from 1.
  assert.deepEqual(delaysOf(1), [270369, 67634689, 2647435461]);
});

test("settle() spreads delays also from seed 0, which xorshift would never leave", () => {
  assert.deepEqual(delaysOf(0), [1359758873, 3761132862, 2075758394]);
});

test("settle() clears the count of failures after a run of just the length that is asked for", () => {
  const hand = new ByHand(service("web", { restart: restart({ delayMs: 0, resetAfterMs: 60_000 }) }));
  hand.nowMs = 0;
  const runs = (lengthMs: number): void => {
    hand.mainStarts("web");
    hand.nowMs += lengthMs;
    hand.mainEnds("web", 1);
    hand.treeEmptied("web");
  };
  runs(60_000);
  assert.equal(rulesOf(hand, "web").includes("reset-failures"), false);
  runs(59_999);
  assert.equal(hand.unit("web").failures, 2);
  runs(60_000);
  assert.equal(hand.unit("web").failures, 1);
  assert.equal(rulesOf(hand, "web").filter((rule) => rule === "reset-failures").length, 1);
});

test("settle() counts what was never ready as no run, however long it took", () => {
  const hand = new ByHand(service("web", { ready: { kind: "notify" }, restart: restart({ resetAfterMs: 1 }) }));
  for (const failures of [1, 2]) {
    hand.mainStarts("web");
    hand.nowMs += 5000;
    hand.mainEnds("web", 1);
    hand.treeEmptied("web");
    assert.equal(hand.unit("web").failures, failures);
    hand.event({ kind: "timer-fired", ticket: hand.unit("web").backoff });
  }
  assert.equal(rulesOf(hand, "web").includes("reset-failures"), false);
});

test("settle() keeps no end of a group, which has no process", () => {
  const hand = new ByHand(service("all", { type: "group" }));
  hand.request({ verb: "stop", names: ["all"], force: false });
  assert.equal(hand.unit("all").state, "stopped");
  assert.equal(hand.unit("all").last, null);
});

test("settle() says beside a restart how a run ended that did not end by itself", () => {
  const hand = new ByHand(service("web", { runTimeoutMs: 1000 }));
  hand.mainStarts("web");
  hand.event({ kind: "timer-fired", ticket: hand.run("web").runTimer });
  hand.mainEnds("web", 0);
  const [log] = hand.treeEmptied("web").filter(({ kind }) => kind === "log");
  assert.equal(log?.kind === "log" && log.fields.reason, "ran longer than 1s");
});

test("settle() of a daemon that was stopped is a stop, whatever its program ended with before", () => {
  const hand = new ByHand(service("web", { ready: { kind: "exit" } }));
  hand.mainStarts("web");
  hand.mainEnds("web", 0);
  hand.treeRemains("web", 7);
  hand.request({ verb: "restart", names: ["web"] });
  hand.treeEmptied("web");
  assert.equal(hand.unit("web").last?.cause, "restart");
  assert.equal(rulesOf(hand, "web").includes("restart-now"), true);
});

test("forgetFailures() begins a task anew, but not the count of one that runs", () => {
  const hand = new ByHand(service("task", { type: "task", runs: 3 }));
  const runs = (): void => {
    hand.mainStarts("task");
    hand.mainEnds("task", 0);
    hand.treeEmptied("task");
  };
  runs();
  hand.request({ verb: "start", names: ["task"] });
  assert.equal(hand.unit("task").runsDone, 1);
  runs();
  runs();
  assert.equal(hand.unit("task").state, "done");
  hand.request({ verb: "start", names: ["task"] });
  assert.equal(hand.unit("task").runsDone, 0);
});

test("forgetFailures() forgets restarts too", () => {
  const hand = new ByHand(service("web", { restart: restart({ limit: { count: 1, windowMs: 1000 } }) }));
  hand.mainStarts("web");
  hand.mainEnds("web", 1);
  hand.treeEmptied("web");
  assert.deepEqual(hand.unit("web").restartTimes, [1000]);
  hand.request({ verb: "start", names: ["web"] });
  const { restarts, restartTimes } = hand.unit("web");
  assert.deepEqual([restarts, restartTimes], [0, []]);
});

test("cancelBackoff() cancels the timer that is armed", () => {
  const hand = new ByHand(service("web"));
  hand.mainStarts("web");
  hand.events(exited(hand.run("web").start, 1));
  hand.treeEmptied("web");
  const ticket = hand.unit("web").backoff;
  const stopped = hand.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual(
    stopped.filter(({ kind }) => kind === "cancel-timer"),
    [{ kind: "cancel-timer", ticket }],
  );
});

/** A task that runs every hour, and runs now. */
function runsHourly(options: Partial<ServicePlan> = {}): ByHand {
  const hand = new ByHand(service("poll", { type: "task", schedule: hourly(), ...options }));
  hand.event({ kind: "timer-fired", ticket: hand.unit("poll").schedule?.timer ?? 0 });
  hand.mainStarts("poll");
  return hand;
}

test("settle() lets a task at times that was stopped and wanted again wait for its time", () => {
  const hand = runsHourly();
  hand.request({ verb: "stop", names: ["poll"], force: false });
  hand.request({ verb: "start", names: ["poll"] });
  hand.mainEnds("poll", null, { signal: 15 });
  hand.treeEmptied("poll");
  assert.deepEqual([hand.unit("poll").state, hand.unit("poll").schedule?.due], ["waiting", false]);
});

test("settle() ends the system with a critical task's end, but not with one run of a task at times", () => {
  const hand = runsHourly({ critical: "poweroff" });
  hand.mainEnds("poll", 0);
  hand.treeEmptied("poll");
  assert.deepEqual([hand.unit("poll").state, hand.state.shutdown], ["done", null]);
});
