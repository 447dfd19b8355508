/** What a reply says in full, and requests at moments that the simulator does not meet. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import type { Effect, Reply } from "./effect.ts";

const repliesIn = (effects: Effect[]): Reply[] =>
  effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));

const notify = { kind: "notify" } as const;

/** `a` runs, `b` is ready, `c` is being started, `d` was not wanted. */
function four(): ByHand {
  const hand = new ByHand(
    service("a"),
    service("b", { ready: notify }),
    service("c", { ready: notify }),
    service("d", { enabled: false }),
    service("e", { enabled: false }),
  );
  hand.mainStarts("a");
  hand.mainStarts("b");
  return hand;
}

test("a reply to kill says of each whether and to which process the signal was sent", () => {
  const hand = four();
  const names = ["a", "c", "d", "e"];
  assert.deepEqual(repliesIn(hand.request({ verb: "kill", names, signal: 1, scope: "tree" })), [
    {
      outcome: "failed",
      results: [
        { instance: "a", did: "sent SIGHUP", state: "running", pid: 100, reason: "" },
        { instance: "c", did: "sent SIGHUP", state: "starting", pid: null, reason: "" },
        { instance: "d", did: "not running", state: "stopped", pid: null, reason: "is not running" },
        { instance: "e", did: "not running", state: "stopped", pid: null, reason: "is not running" },
      ],
      reason: "not running: d, e",
    },
  ]);
});

test("a reply whose time has run out tells the reason only of what is not settled", () => {
  const hand = four();
  hand.request({ verb: "start", names: ["a", "b", "c"] }, 500);
  const timer = hand.state.requests[0]?.timer ?? 0;
  const goesOn = "not settled in time; it goes on";
  assert.deepEqual(repliesIn(hand.event({ kind: "timer-fired", ticket: timer })), [
    {
      outcome: "timed-out",
      results: [
        { instance: "a", did: "already running", state: "running", pid: 100, reason: "" },
        { instance: "b", did: "", state: "starting", pid: 100, reason: goesOn },
        { instance: "c", did: "", state: "starting", pid: null, reason: goesOn },
      ],
      reason: "not settled after 500 ms: b, c",
    },
  ]);
});

test("a stop that waits when the shutdown gives up is told that it could not be", () => {
  const hand = new ByHand(service("a"));
  hand.mainStarts("a");
  hand.request({ verb: "stop", names: ["a"], force: false });
  hand.request({ verb: "shutdown", mode: ShutdownMode.exit, exitCode: null, force: true, reason: "asked for" });
  const given = hand.event({ kind: "timer-fired", ticket: hand.state.shutdown?.timer ?? 0 });
  const result = { instance: "a", did: "", state: "stopping", pid: 100, reason: "could not be ended" };
  assert.deepEqual(repliesIn(given), [
    { outcome: "failed", results: [result], reason: "a could not be ended" },
    { outcome: "done", results: [] },
  ]);
});

test("receiveRequest() refuses everything once the system is down", () => {
  const hand = new ByHand(service("a", { enabled: false }));
  hand.request({ verb: "shutdown", mode: ShutdownMode.exit, exitCode: null, force: false, reason: "asked for" });
  const refused: Reply[] = [{ outcome: "refused", reason: "the system is down" }];
  assert.deepEqual(repliesIn(hand.request({ verb: "stop", names: ["a"], force: false })), refused);
  assert.deepEqual(repliesIn(hand.request({ verb: "wait", names: ["nobody"], until: "stopped" })), refused);
});

test("receiveSignal() that kills at once needs no shutdown before it", () => {
  const hand = new ByHand(service("a"));
  const signal = { kind: "signal-received", signal: 2, meaning: "force", exitCode: null } as const;
  hand.event({ ...signal, mode: ShutdownMode.reboot });
  assert.equal(hand.state.shutdown?.reason, "SIGINT");
  hand.mainFails("a");
  const end = hand.treeEmptied("a").at(-1);
  assert.deepEqual(end, { kind: "finish-shutdown", mode: ShutdownMode.reboot, exitCode: 0, graceMs: 0 });
});

test("receiveRequest() for what conflicts in itself replaces nothing of its own", () => {
  const hand = new ByHand(
    service("a", { enabled: false, conflicts: ["b"] }),
    service("b", { enabled: false, conflicts: ["a"] }),
  );
  assert.deepEqual(repliesIn(hand.request({ verb: "start", names: ["a", "b"] })), []);
  const [reply] = repliesIn(hand.mainStarts("b"));
  assert.equal(reply?.outcome === "failed" && reply.reason, "a is stopped: conflicts with b");
});

test("a request without a time limit is kept with none", () => {
  const hand = four();
  hand.request({ verb: "wait", names: ["c"], until: "ready" });
  assert.equal(hand.state.requests[0]?.timeoutMs, 0);
});
