/** Signs of readiness that come too early, from another process, or from a service that is to tell in another way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { command, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { readCauses } from "./causes.ts";
import type { ServicePlan } from "./plan.ts";

const fd = { kind: "fd", fd: 3 } as const;
const notify = { kind: "notify" } as const;

const rulesOf = (hand: ByHand): string[] => readCauses(hand.unit("web").causes).map(({ rule }) => rule);

function web(options: Partial<ServicePlan>): ByHand {
  return new ByHand(service("web", options));
}

test("a line that overtakes the news that the program runs makes the service ready with it", () => {
  const hand = web({ ready: fd });
  assert.deepEqual(hand.event({ kind: "ready-line", ticket: hand.run("web").start }), []);
  assert.equal(hand.unit("web").state, "starting");
  hand.mainStarts("web");
  assert.equal(hand.unit("web").state, "ready");
  assert.equal(rulesOf(hand)[0], "ready-line");
});

test("READY=1 that overtakes the news that the program runs makes the service ready with it", () => {
  const hand = web({ ready: notify });
  hand.notify("web", { ready: true });
  assert.equal(hand.unit("web").state, "starting");
  hand.mainStarts("web");
  assert.equal(hand.unit("web").state, "ready");
  assert.equal(rulesOf(hand)[0], "ready-notify");
});

test("a descriptor that is closed before the program runs tells nothing, nor after its line", () => {
  const hand = web({ ready: fd });
  const { start } = hand.run("web");
  assert.deepEqual(hand.event({ kind: "ready-closed", ticket: start }), []);
  hand.mainStarts("web");
  hand.event({ kind: "ready-line", ticket: start });
  assert.deepEqual(hand.event({ kind: "ready-closed", ticket: start }), []);
  assert.equal(hand.unit("web").state, "ready");
});

test("signs of readiness during pre_start are not the program's", () => {
  for (const ready of [fd, notify]) {
    const hand = web({ ready, preStart: [command("/bin/prepare")] });
    const ticket = hand.run("web").start;
    hand.auxStarts("web");
    hand.event({ kind: "ready-line", ticket });
    hand.event({ kind: "ready-closed", ticket });
    hand.notify("web", { ready: true, errno: 5 });
    assert.equal(hand.unit("web").state, "starting");
    hand.auxEnds("web", 0);
    hand.mainStarts("web");
    assert.equal(hand.unit("web").state, "starting");
  }
});

test("notified() believes the main process only", () => {
  const hand = web({ ready: notify, preStart: [command("/bin/prepare")] });
  hand.auxStarts("web");
  const { aux } = hand.run("web");
  assert.deepEqual(hand.notify("web", { ticket: aux[0]?.ticket ?? 0, status: "prepares", extendTimeoutMs: 1e6 }), []);
  assert.equal(hand.unit("web").statusText, "");
});

test("notified() takes READY=1 and ERRNO= for what they say only where that is awaited", () => {
  const hand = web({ ready: fd });
  hand.mainStarts("web");
  assert.deepEqual(hand.notify("web", { ready: true }), []);
  assert.deepEqual(hand.notify("web", { errno: 5 }), []);
  assert.equal(hand.unit("web").state, "starting");
});

test("notified() takes RELOADING=1 for what it says from a service that is ready only", () => {
  const hand = web({ ready: notify });
  hand.mainStarts("web");
  const before = rulesOf(hand);
  assert.deepEqual(hand.notify("web", { reloading: true }), []);
  hand.notify("web", { ready: true });
  hand.notify("web", { reloading: true });
  hand.notify("web", { reloading: true });
  assert.equal(hand.unit("web").state, "reloading");
  assert.deepEqual(rulesOf(hand), ["reload-signal", "ready-notify", ...before]);
});

test("notified() keeps so much of a status", () => {
  const hand = web({});
  hand.notify("web", { status: "x".repeat(300) });
  assert.equal(hand.unit("web").statusText, "x".repeat(200));
});

test("notified() extends a limit that is armed, and never shortens it", () => {
  const hand = web({ ready: notify, startTimeoutMs: 5000 });
  hand.mainStarts("web");
  assert.deepEqual(hand.notify("web", { extendTimeoutMs: 4000 }), []);
  assert.deepEqual(hand.notify("web", { extendTimeoutMs: 5000 }), []);
  hand.notify("web", { extendTimeoutMs: 5001 });
  assert.equal(hand.run("web").timerAtMs, 6001);
  // The limit is over, and its timer has not fired yet.
  hand.nowMs = 9000;
  assert.deepEqual(hand.notify("web", {}), []);
  hand.notify("web", { ready: true });
  assert.deepEqual(hand.notify("web", { extendTimeoutMs: 10_000 }), []);
});

test("becomeReady() tells of services that declare how they become ready", () => {
  const hand = new ByHand(service("web", { ready: notify }), service("task", { type: "task", ready: notify }));
  for (const name of ["web", "task"]) hand.mainStarts(name);
  const told = (name: string): string[] =>
    hand.notify(name, { ready: true }).flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));
  assert.deepEqual(told("web"), ["Service ready"]);
  assert.deepEqual(told("task"), []);
});

test("EXTEND_TIMEOUT_USEC= that adds nothing to the limit of a run leaves its timer alone", () => {
  const hand = web({ runTimeoutMs: 1000 });
  hand.mainStarts("web");
  assert.deepEqual(hand.notify("web", { extendTimeoutMs: 1000 }), []);
  assert.notDeepEqual(hand.notify("web", { extendTimeoutMs: 1001 }), []);
});
