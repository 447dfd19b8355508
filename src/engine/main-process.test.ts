import assert from "node:assert/strict";
import { test } from "node:test";
import { command, service } from "../../sim/plans.ts";
import { ByHand, exited } from "../../tests/engine/by-hand.ts";
import { readCauses } from "./causes.ts";
import type { Effect } from "./effect.ts";
import { isOutstandingKind, outstanding } from "./outstanding.ts";
import type { ServicePlan } from "./plan.ts";
import { explain } from "./view-why.ts";

/** A program that runs as process 100. */
function daemon(options: Partial<ServicePlan> = {}): ByHand {
  const hand = new ByHand(service("a", { pidFile: "/run/a.pid", ready: { kind: "notify" }, ...options }));
  hand.mainStarts("a");
  return hand;
}

function named(hand: ByHand, pid: number): Effect[] {
  return hand.event({ kind: "main-named", ticket: hand.run("a").naming, pid, slot: 7 });
}

/** The order to look whether it is the main process. */
function asks(hand: ByHand, pid: number): boolean {
  return hand.notify("a", { mainPid: pid }).some((effect) => effect.kind === "find-main" && effect.pid === pid);
}

function namesIn(hand: ByHand): string[] {
  return readCauses(hand.unit("a").causes).flatMap(({ rule, effect }) =>
    rule === "main-named" || rule === "main-refused" ? [`${rule}: ${effect}`] : [],
  );
}

test("MAINPID= is looked at while the service runs, unless it is of the process that is the main one", () => {
  const hand = daemon();
  assert.equal(asks(hand, 100), false);
  assert.equal(asks(hand, 200), true);
  hand.request({ verb: "stop", names: ["a"], force: false });
  assert.equal(asks(hand, 300), false);
  const prepares = new ByHand(service("a", { preStart: [command("/bin/prepare")] }));
  assert.equal(asks(prepares, 300), false);
});

test("MAINPID= of the program that has ended is looked at: another process may have its number", () => {
  const hand = daemon();
  hand.mainEnds("a", 0);
  assert.equal(asks(hand, 100), true);
  named(hand, 100);
  const { main, daemon: ticket, starter, pid, slot } = hand.run("a");
  assert.deepEqual([main, ticket !== 0, starter, pid, slot], ["running", true, 0, 100, 7]);
});

test("who was named, and who was not taken, stands in the causes", () => {
  const hand = daemon();
  named(hand, 100);
  hand.notify("a", { mainPid: 200 });
  named(hand, 200);
  hand.notify("a", { mainPid: 300 });
  hand.event({ kind: "main-refused", ticket: hand.run("a").naming, reason: "it is not of the service" });
  hand.notify("a", { mainPid: 100 });
  named(hand, 100);
  assert.deepEqual(namesIn(hand), [
    "main-named: pid 100, the program itself again",
    "main-refused: it is not of the service",
    "main-named: pid 200",
    "main-named: pid 100, the program itself",
  ]);
  assert.deepEqual(hand.run("a").left, []);
});

test("a program that has ended before the daemon is named is not what the service may return to", () => {
  const hand = daemon();
  hand.mainEnds("a", 0);
  named(hand, 200);
  assert.deepEqual(hand.run("a").left, []);
  hand.notify("a", { mainPid: 100 });
  named(hand, 100);
  assert.equal(hand.run("a").daemon !== 0, true);
});

test("the main process of a service whose restarts are hushed is not logged", () => {
  const messages = (isHushed: boolean): string[] => {
    const hand = daemon();
    hand.unit("a").quiet.now = isHushed;
    return named(hand, 200).flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));
  };
  assert.deepEqual([messages(false), messages(true)], [["Main process of service"], []]);
});

test("what is wrong with a pid_file is kept in short", () => {
  const hand = daemon();
  hand.event({ kind: "main-refused", ticket: hand.run("a").naming, reason: "x".repeat(201) });
  const now = { monotonicMs: 1000, bootMs: 1000, wallMs: 1000 };
  const naming = `/run/a.pid to name its main process (${"x".repeat(200)})`;
  assert.equal(explain(hand.state, "a", now)?.waitsFor[0], naming);
});

test("an answer that is not to the question is none", () => {
  const hand = daemon();
  const ticket = hand.run("a").start;
  hand.event({ kind: "main-named", ticket, pid: 200, slot: 7 });
  hand.event({ kind: "main-refused", ticket, reason: "no" });
  assert.deepEqual([hand.run("a").pid, namesIn(hand)], [100, []]);
  assert.equal(hand.run("a").namingReason, "");
});

test("a program that has forked is not ready by its end when something else is asked for", () => {
  const hand = daemon();
  hand.mainEnds("a", 0);
  named(hand, 200);
  assert.equal(hand.unit("a").state, "starting");
});

test("a named daemon that ends before its program does ends the service", () => {
  const hand = daemon({ ready: { kind: "exit" } });
  named(hand, 200);
  hand.event(exited(hand.run("a").daemon, 0));
  assert.equal(hand.unit("a").state, "stopping");
});

test("what the program ends with beside the named daemon counts only where readiness is its end", () => {
  const told = daemon();
  named(told, 200);
  told.mainEnds("a", 1);
  assert.equal(told.unit("a").state, "starting");
  const stopped = daemon({ ready: { kind: "exit" } });
  named(stopped, 200);
  stopped.request({ verb: "stop", names: ["a"], force: false });
  assert.deepEqual(stopped.mainEnds("a", 1), []);
  assert.equal(stopped.run("a").end?.cause, "request");
});

test("outstanding() asks again for the main process", () => {
  const hand = daemon();
  const { naming } = hand.run("a");
  const again = outstanding(hand.state).filter(({ kind }) => kind === "find-main");
  assert.deepEqual(
    again.map((effect) => "ticket" in effect && effect.ticket),
    [naming],
  );
  assert.ok(isOutstandingKind({ kind: "find-main" } as Effect));
});
