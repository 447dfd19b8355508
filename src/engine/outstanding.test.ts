import assert from "node:assert/strict";
import { test } from "node:test";
import { command, needs, service, stop } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ProcessKind } from "../contract.ts";
import type { Effect } from "./effect.ts";
import { isOutstandingKind, outstanding } from "./outstanding.ts";

type TimerEffect = Extract<Effect, { kind: "arm-timer" }>;

const isTimer = (effect: Effect): effect is TimerEffect => effect.kind === "arm-timer";

/** What was ordered last and waits for an answer is ordered again in the same words; earlier timers may be beside it. */
function assertRepeated({ state }: ByHand, effects: Effect[]): void {
  const ordered = effects.filter((effect) => isOutstandingKind(effect) || effect.kind === "cancel-spawn");
  const again = outstanding(state);
  assert.deepEqual(
    again.filter((effect) => !isTimer(effect)),
    ordered.filter((effect) => !isTimer(effect)),
  );
  for (const timer of ordered.filter(isTimer))
    assert.deepEqual(
      again.find((one) => "ticket" in one && one.ticket === timer.ticket),
      timer,
    );
}

const full = service("web", {
  preStart: [command("/bin/prepare"), command("/bin/prepare more")],
  postStop: [command("/bin/tidy"), command("/bin/tidy more")],
  stop: stop({ command: command("/bin/halt") }),
  reload: { kind: "command", command: command("/bin/again") },
  ready: { kind: "notify" },
  runTimeoutMs: 60_000,
});

/** Up to the moment when the main process is being started. */
function startingMain(hand: ByHand): Effect[] {
  hand.auxStarts("web");
  hand.auxEnds("web", 0);
  hand.auxStarts("web");
  return hand.auxEnds("web", 0);
}

function becomesReady(hand: ByHand): void {
  startingMain(hand);
  hand.mainStarts("web");
  hand.notify("web", { ready: true });
}

test("outstanding() repeats every order of a run as it was given, and none that was answered", () => {
  const hand = new ByHand();
  const effects = hand.load(full);
  assertRepeated(hand, effects);
  const { start, aux } = hand.run("web");
  assert.deepEqual(
    effects.find(({ kind }) => kind === "spawn"),
    {
      kind: "spawn",
      ticket: aux[0]?.ticket,
      startTicket: start,
      instance: { service: "web", replica: 1 },
      processKind: ProcessKind.preStart,
      command: command("/bin/prepare"),
      restarts: 0,
      readyFd: null,
      notify: false,
      ended: null,
    },
  );
  hand.auxStarts("web");
  assertRepeated(hand, hand.auxEnds("web", 0));
  hand.auxStarts("web");
  assertRepeated(hand, hand.auxEnds("web", 0));
  assertRepeated(hand, hand.mainStarts("web"));
  assert.equal(outstanding(hand.state).filter(isTimer).length, 2, "start limit and run limit");
  assertRepeated(hand, hand.request({ verb: "wait", names: ["web"], until: "ready" }));
});

test("outstanding() repeats the commands of a reload and of a stop, and the waits for the tree", () => {
  const hand = new ByHand(full);
  becomesReady(hand);
  assertRepeated(hand, hand.request({ verb: "reload", names: ["web"] }));
  assertRepeated(hand, hand.auxStarts("web"));
  hand.auxEnds("web", 0);
  assertRepeated(hand, hand.request({ verb: "stop", names: ["web"], force: false }));
  assertRepeated(hand, hand.auxStarts("web"));
  hand.auxEnds("web", 0);
  assertRepeated(hand, hand.mainEnds("web", 3));
  const effects = hand.treeEmptied("web");
  assertRepeated(hand, effects);
  const ended = effects.map((effect) => (effect.kind === "spawn" ? effect.ended : null)).find((one) => one !== null);
  assert.deepEqual(ended, { code: 3, signal: null });
  hand.auxStarts("web");
  hand.auxEnds("web", 0);
  assertRepeated(hand, hand.treeEmptied("web"));
  assertRepeated(hand, hand.event({ kind: "timer-fired", ticket: hand.run("web").timer }));
});

test("outstanding() repeats what asks for readiness, and how it is to be told", () => {
  const times = { intervalMs: 250, timeoutMs: 3000 };
  const hand = new ByHand();
  const effects = hand.load(
    service("a", { ready: { kind: "fd", fd: 5 } }),
    service("b", { ready: { kind: "notify" } }),
  );
  assertRepeated(hand, effects);
  const told = effects.flatMap((effect) => (effect.kind === "spawn" ? [[effect.readyFd, effect.notify]] : []));
  assert.deepEqual(told, [
    [5, false],
    [null, true],
  ]);
  for (const ready of [
    { kind: "log", text: "up", regularExpression: false },
    { kind: "exec", command: command("/bin/check"), ...times },
    { kind: "tcp", host: "h", port: 1, ...times },
    { kind: "unix", path: "/run/s", ...times },
    { kind: "file", path: "/run/f", ...times },
  ] as const) {
    const probing = new ByHand(service("web", { ready }));
    assertRepeated(probing, probing.mainStarts("web"));
  }
});

test("outstanding() takes back what is being started and is not to run", () => {
  const cancelled = (hand: ByHand): number[] =>
    outstanding(hand.state).flatMap((effect) => (effect.kind === "cancel-spawn" ? [effect.ticket] : []));
  const inPreStart = new ByHand(full);
  const [aux] = inPreStart.run("web").aux;
  inPreStart.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual(cancelled(inPreStart), [aux?.ticket], "a command of pre_start");
  const inMain = new ByHand(full);
  startingMain(inMain);
  inMain.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual(cancelled(inMain), [inMain.run("web").start], "the main process");
  const inStop = new ByHand(full);
  becomesReady(inStop);
  inStop.request({ verb: "stop", names: ["web"], force: false });
  inStop.event({ kind: "timer-fired", ticket: inStop.run("web").timer });
  assert.deepEqual(cancelled(inStop), [inStop.run("web").aux[0]?.ticket], "the stop command of what is killed");
  const inPostStop = new ByHand(service("web", { postStop: [command("/bin/tidy")] }));
  inPostStop.mainStarts("web");
  inPostStop.mainEnds("web", 0);
  inPostStop.treeEmptied("web");
  const effects = inPostStop.event({ kind: "timer-fired", ticket: inPostStop.run("web").timer });
  const [tidy] = inPostStop.run("web").aux;
  assert.deepEqual(cancelled(inPostStop), [tidy?.ticket], "a command of post_stop that is killed");
  assert.deepEqual(
    effects.find(({ kind }) => kind === "cancel-spawn"),
    { kind: "cancel-spawn", ticket: tidy?.ticket },
  );
});

test("outstanding() takes back commands that a new plan does not have any more", () => {
  const kinds = ({ state }: ByHand): string[] =>
    outstanding(state)
      .filter((effect) => !isTimer(effect))
      .map(({ kind }) => kind);
  const preparing = new ByHand(full);
  preparing.load({ ...full, preStart: [] });
  assert.deepEqual(kinds(preparing), ["cancel-spawn"]);
  const reloading = new ByHand(full);
  becomesReady(reloading);
  reloading.request({ verb: "reload", names: ["web"] });
  assert.equal(reloading.run("web").aux[0]?.kind, ProcessKind.reload);
  reloading.load({ ...full, reload: { kind: "signal", signal: 1 } });
  assert.deepEqual(kinds(reloading), ["cancel-spawn"]);
});

test("outstanding() repeats the timers of backoff and shutdown, and the last word", () => {
  const hand = new ByHand(service("web", {}), service("app", { dependsOn: [needs("web")] }));
  assertRepeated(hand, hand.mainFails("web"));
  const { backoff, backoffAtMs } = hand.unit("web");
  assert.ok(backoff > 0);
  assert.deepEqual(outstanding(hand.state), [{ kind: "arm-timer", ticket: backoff, clock: 1, atMs: backoffAtMs }]);
  hand.event({ kind: "timer-fired", ticket: backoff });
  hand.mainStarts("web");
  hand.mainStarts("app");
  const shutdown = { verb: "shutdown", mode: 1, exitCode: 7, force: false, reason: "" } as const;
  assertRepeated(hand, hand.request(shutdown));
  assert.equal(outstanding(hand.state).filter(isTimer).length, 2, "the stop of app, and the whole");
  for (const name of ["app", "web"]) {
    hand.mainEnds(name, 0);
    assert.equal(outstanding(hand.state).filter(({ kind }) => kind === "await-tree").length, 1);
    hand.treeEmptied(name);
  }
  assert.deepEqual(outstanding(hand.state), [{ kind: "finish-shutdown", mode: 1, exitCode: 7, graceMs: 5000 }]);
});
