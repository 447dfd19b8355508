import assert from "node:assert/strict";
import { test } from "node:test";
import { health, hourly, needs, restart, service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { Role, Stage } from "../contract.ts";
import { readCauses } from "./causes.ts";
import type { Effect, Reply } from "./effect.ts";
import type { Event } from "./event.ts";
import { outstanding } from "./outstanding.ts";
import type { ServicePlan } from "./plan.ts";

const first = 2 ** 41;
const once = restart({ policy: "no" });
const slow = (name: string, options: Partial<ServicePlan> = {}) =>
  service(name, { ready: { kind: "notify" }, restart: once, ...options });

/** An apply with a gate; without a request it came by itself, from the disk. */
function apply(hand: ByHand, request: number | null, services: ServicePlan[], limitMs: number | null = null): Effect[] {
  const plan = system(services, { role: Role.vm });
  return hand.event({ kind: "plan-loaded", plan, request, only: null, gate: { limitMs } });
}

function running(...services: ServicePlan[]): ByHand {
  const hand = new ByHand(...services);
  for (const { name, enabled } of services) if (enabled) hand.mainStarts(name);
  return hand;
}

function repliesIn(effects: Effect[]): Reply[] {
  return effects.flatMap((effect) => (effect.kind === "reply" ? [effect.reply] : []));
}

function logsIn(effects: Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));
}

function refusals(hand: ByHand): string[] {
  return readCauses(hand.state.causes)
    .filter(({ rule }) => rule === "apply-refused")
    .map(({ effect }) => effect);
}

/** It began, failed before it was ready, and all of its processes are gone. */
function fails(hand: ByHand, name: string): Effect[] {
  hand.mainStarts(name);
  return [...hand.mainEnds(name, 1, { lastLines: ["no such table"] }), ...hand.treeEmptied(name)];
}

test("a plan that comes by itself during an apply is read again at its end, if it is another one", () => {
  const hand = running(service("a"));
  apply(hand, first, [service("a"), slow("b")]);
  assert.deepEqual(apply(hand, null, [service("a"), slow("b")]), []);
  const later = "Configuration is read again when the apply that goes on is over";
  assert.deepEqual(logsIn(apply(hand, null, [service("a"), service("c")])), [later]);
  assert.deepEqual(refusals(hand), ["waits for the apply that goes on"]);
  hand.mainStarts("b");
  const effects = hand.notify("b", { ready: true });
  assert.deepEqual(
    effects.filter(({ kind }) => kind === "load-config"),
    [{ kind: "load-config", reason: "it changed during an apply" }],
  );
});

test("an apply of what goes on already by itself hears how it ends; the plan that is put back is another one", () => {
  const hand = running(service("a"));
  apply(hand, null, [service("a"), slow("b"), slow("c")]);
  assert.deepEqual(apply(hand, first, [service("a"), slow("b"), slow("c")]), []);
  assert.deepEqual(refusals(hand), ["the same goes on already"]);
  hand.mainStarts("c");
  fails(hand, "b");
  assert.deepEqual(
    repliesIn([...hand.mainEnds("c", 0), ...hand.treeEmptied("c")]).map(({ outcome }) => outcome),
    ["rolled-back"],
  );
  apply(hand, null, [service("a"), slow("b"), slow("c")]);
  hand.mainStarts("c");
  fails(hand, "b");
  const [reply] = repliesIn(apply(hand, first + 1, [service("a")]));
  assert.deepEqual(reply, { outcome: "refused", reason: "another apply goes on for 0ms: it waits for c" });
});

test("an apply that is refused names five at most of those that the other one waits for", () => {
  const reasonFor = (count: number): string => {
    const hand = running(service("a"));
    const fresh = Array.from({ length: count }, (_, at) => slow(`s${at}`));
    apply(hand, first, [service("a"), ...fresh]);
    const [reply] = repliesIn(apply(hand, first + 1, [service("a")]));
    return reply?.outcome === "refused" ? reply.reason : "";
  };
  assert.match(reasonFor(5), /: it waits for s0, s1, s2, s3, s4$/);
  assert.match(reasonFor(6), /: it waits for s0, s1, s2, s3, s4 and 1 more$/);
});

test("a critical service on trial takes the apply back; any other one ends the system", () => {
  const critical = { critical: "poweroff", restart: once } as const;
  const tried = running(service("a"));
  apply(tried, first, [service("a"), slow("b", critical), slow("c")]);
  fails(tried, "b");
  assert.equal(tried.state.shutdown, null);
  const other = running(service("a", critical));
  apply(other, first, [service("a", critical), slow("b"), slow("c")]);
  other.mainEnds("a", 1);
  other.treeEmptied("a");
  assert.equal(other.state.shutdown?.reason, "critical service a failed: exited 1");
});

test("a critical service that a client took from an apply and started again is not on trial", () => {
  const critical = { critical: "poweroff", restart: once } as const;
  const hand = running(service("a"));
  apply(hand, first, [service("a"), slow("b", critical), slow("c")]);
  hand.mainStarts("b");
  hand.request({ verb: "stop", names: ["b"], force: false });
  hand.mainEnds("b", 0);
  hand.treeEmptied("b");
  hand.request({ verb: "start", names: ["b"] });
  fails(hand, "b");
  assert.equal(hand.state.shutdown?.reason, "critical service b failed: exited 1 before ready");
});

/** Of the gate's or the hold's timer that is armed last. */
function timerIn(effects: Effect[]): number {
  return effects.flatMap((effect) => (effect.kind === "arm-timer" ? [effect.ticket] : [])).at(-1) ?? 0;
}

function rolledBack(effects: Effect[]): [reason: string, lines: string[]] | null {
  const [reply] = repliesIn(effects);
  return reply?.outcome === "rolled-back" ? [reply.reason, reply.lines] : null;
}

test("an apply ends at once when all that it started tells of its readiness, is a group, or a task that is done", () => {
  const hand = running(service("a"));
  apply(
    hand,
    first,
    [service("a"), service("all", { type: "group" }), service("job", { type: "task" }), slow("b")],
    5000,
  );
  const { limit } = hand.state.transaction ?? {};
  hand.mainStarts("job");
  hand.mainEnds("job", 0);
  hand.treeEmptied("job");
  hand.mainStarts("b");
  const effects = hand.notify("b", { ready: true });
  assert.deepEqual(
    repliesIn(effects).map(({ outcome }) => outcome),
    ["done"],
  );
  assert.ok(effects.some((effect) => effect.kind === "cancel-timer" && effect.ticket === limit));
});

test("a service without readiness has to run for a second; what is done, scheduled or a group meanwhile stays so", () => {
  const hand = running(service("a"));
  const rest = [
    service("job", { type: "task" }),
    service("timed", { type: "task", schedule: hourly() }),
    service("all", { type: "group" }),
  ];
  apply(hand, first, [service("a"), ...rest, service("web")]);
  hand.mainStarts("job");
  hand.mainEnds("job", 0);
  hand.treeEmptied("job");
  const hold = timerIn(hand.mainStarts("web"));
  assert.equal(hand.state.transaction?.hold, hold);
  hand.nowMs += 999;
  assert.deepEqual(hand.event({ kind: "clock-stepped" }), []);
  assert.equal(hand.state.transaction?.falls, 0);
  hand.nowMs += 1;
  assert.deepEqual(
    repliesIn(hand.event({ kind: "timer-fired", ticket: hold })).map(({ outcome }) => outcome),
    ["done"],
  );
});

test("the second that a service has to run may be over when the last one is ready", () => {
  const hand = running(service("a"));
  apply(hand, first, [service("a"), service("web"), slow("b")]);
  hand.mainStarts("web");
  hand.mainStarts("b");
  hand.nowMs += 1000;
  assert.equal(repliesIn(hand.notify("b", { ready: true })).length, 1);
});

test("what falls while it is held is waited for again, and its hold with it", () => {
  const hand = running(service("a"));
  const web = service("web", { restart: restart({ policy: "always", delayMs: 10 }) });
  apply(hand, first, [service("a"), web]);
  const hold = timerIn(hand.mainStarts("web"));
  hand.mainEnds("web", 3);
  hand.treeEmptied("web");
  assert.deepEqual([hand.state.transaction?.hold, hand.state.transaction?.falls], [0, 1]);
  assert.deepEqual(hand.event({ kind: "timer-fired", ticket: hold }), []);
  // A restart that a client asks for is a fall as well: it is not up any more.
  hand.event({ kind: "timer-fired", ticket: hand.unit("web").backoff });
  hand.mainStarts("web");
  hand.request({ verb: "restart", names: ["web"] });
  assert.equal(hand.state.transaction?.falls, 2);
});

test("what a client restarts while it is held is waited for again, also before its turn to stop comes", () => {
  const hand = running(service("a"));
  apply(hand, first, [
    service("a"),
    service("web"),
    service("api", { dependsOn: [{ name: "web", wait: "ready", required: true, restart: true }] }),
  ]);
  hand.mainStarts("web");
  hand.mainStarts("api");
  assert.notEqual(hand.state.transaction?.hold, 0);
  hand.request({ verb: "restart", names: ["web"] });
  assert.equal(hand.unit("web").state, "ready");
  assert.deepEqual([hand.state.transaction?.hold, hand.state.transaction?.falls], [0, 1]);
  const waits = hand.state.requests.find(({ id }) => id === first)?.targets.filter(({ outcome }) => outcome === "");
  assert.deepEqual(
    waits?.map(({ name }) => name),
    ["web", "api"],
  );
});

test("what becomes unhealthy while others are held takes the apply back", () => {
  const hand = running(service("a"));
  apply(hand, first, [service("a"), service("web"), slow("b", { health: health({ failures: 1 }) })]);
  hand.mainStarts("b");
  hand.notify("b", { ready: true });
  hand.event({ kind: "probe-succeeded", ticket: hand.run("b").health });
  hand.mainStarts("web");
  assert.notEqual(hand.state.transaction?.hold, 0);
  hand.event({ kind: "probe-failed", ticket: hand.run("b").health, reason: "refused" });
  assert.deepEqual([hand.state.transaction?.phase, hand.state.transaction?.because], ["back", "is unhealthy: refused"]);
});

test("the limit of an apply takes back what is not up, and waits on for what only stops", () => {
  const late = running(service("a"));
  apply(late, first, [service("a"), slow("b")], 5000);
  late.mainStarts("b");
  const limit = late.state.transaction?.limit ?? 0;
  late.event({ kind: "timer-fired", ticket: limit });
  late.mainEnds("b", 0, { lastLines: ["still migrating"] });
  assert.deepEqual(rolledBack(late.treeEmptied("b")), ["b is not up after 5s", ["still migrating"]]);
  const again = running(service("a"));
  apply(again, first, [service("a"), slow("b", { restart: restart({ policy: "always", delayMs: 10 }) })], 5000);
  fails(again, "b");
  again.event({ kind: "timer-fired", ticket: again.unit("b").backoff });
  again.mainStarts("b");
  again.event({ kind: "timer-fired", ticket: again.state.transaction?.limit ?? 0 });
  assert.deepEqual(again.state.transaction?.lines, []);
  const stops = running(service("a"), service("old"));
  apply(stops, first, [service("a"), slow("b")], 5000);
  stops.mainStarts("b");
  stops.notify("b", { ready: true });
  assert.deepEqual(stops.event({ kind: "timer-fired", ticket: stops.state.transaction?.limit ?? 0 }), []);
  stops.mainEnds("old", 0);
  assert.deepEqual(
    repliesIn(stops.treeEmptied("old")).map(({ outcome }) => outcome),
    ["done"],
  );
});

test("the last words of what did not come up are those of that run, and none of a program that never began", () => {
  const hand = running(slow("a", { restart: restart({ policy: "always", delayMs: 10 }) }));
  apply(hand, first, [slow("a", { environment: { A: "1" } })]);
  hand.mainEnds("a", 0);
  hand.treeEmptied("a");
  fails(hand, "a");
  // By the definition before it starts again, and ends once more.
  assert.deepEqual(hand.state.transaction?.lines, ["no such table"]);
  hand.mainStarts("a");
  hand.mainEnds("a", 2, { lastLines: ["other words"] });
  hand.treeEmptied("a");
  assert.deepEqual(hand.state.transaction?.lines, ["no such table"]);
  const never = running(service("a"));
  apply(never, first, [service("a"), slow("b")]);
  const failed = {
    kind: "spawn-failed",
    ticket: never.run("b").start,
    stage: Stage.exec,
    errno: 2,
    detail: "is not there",
  };
  assert.deepEqual(rolledBack(never.event(failed as Event)), ["b failed: is not there", []]);
});

test("what a client starts or stops meanwhile holds for the plan before as well", () => {
  const hand = running(service("a"), service("off", { enabled: false }), service("old"));
  apply(hand, first, [service("a"), service("off", { enabled: false }), service("old", { enabled: false }), slow("b")]);
  assert.deepEqual(hand.state.transaction?.wanted, ["a", "old"]);
  hand.request({ verb: "start", names: ["off", "old"] });
  hand.request({ verb: "stop", names: ["a"], force: false });
  assert.deepEqual(hand.state.transaction?.wanted, ["off", "old"]);
  hand.mainStarts("b");
  const [reply] = repliesIn(hand.notify("b", { ready: true }));
  const results = reply !== undefined && "results" in reply ? reply.results : [];
  assert.deepEqual(
    results.map(({ instance, did }) => `${instance} ${did}`),
    ["old started meanwhile", "b started"],
  );
});

const sockets = [{ name: "web", listen: "8080", mode: 0o666, user: "", backlog: 16, lazy: true }] as never;

test("what listens is left alone by an apply that is taken back or proved, but for what a client stopped", () => {
  const lazy = (name: string, options: Partial<ServicePlan> = {}) => service(name, { sockets, ...options });
  const hand = new ByHand(service("a"), lazy("used"), lazy("idle"), lazy("off"));
  hand.mainStarts("a");
  apply(hand, first, [service("a"), lazy("used"), lazy("idle"), lazy("off"), slow("b")]);
  hand.event({ kind: "socket-connected", instance: { service: "used", replica: 1 }, socket: "web" });
  hand.mainStarts("used");
  hand.request({ verb: "stop", names: ["off"], force: false });
  fails(hand, "b");
  const shown = () => hand.state.units.map(({ name, state, listens }) => `${name} ${listens ? "listens" : state}`);
  assert.deepEqual(shown(), ["a ready", "used ready", "idle listens", "off stopped"]);
  apply(hand, first, [service("a"), lazy("used"), lazy("off"), slow("b")]);
  hand.mainStarts("b");
  assert.equal(repliesIn(hand.notify("b", { ready: true })).length, 1);
  assert.deepEqual(shown(), ["a ready", "used ready", "off stopped", "b ready"]);
});

test("an apply's timers are armed again, and only those that it has", () => {
  const hand = running(service("a"));
  apply(hand, first, [service("a"), service("web")]);
  const timers = () =>
    outstanding(hand.state).flatMap((effect) => (effect.kind === "arm-timer" ? [effect.ticket] : []));
  assert.equal(timers().includes(0), false);
  const hold = timerIn(hand.mainStarts("web"));
  assert.equal(timers().includes(hold), true);
});

test("a client whose time is over while what it changed has to stay up is told so", () => {
  const hand = running(service("a"));
  const plan = system([service("a"), service("web")], { role: Role.vm });
  hand.event({ kind: "plan-loaded", plan, request: first, only: null, gate: { limitMs: null }, timeoutMs: 500 });
  hand.mainStarts("web");
  const [reply] = repliesIn(hand.event({ kind: "timer-fired", ticket: hand.state.requests[0]?.timer ?? 0 }));
  const reason = "not settled after 500 ms: what it changed to stay up";
  assert.equal(reply && "reason" in reply && reply.reason, reason);
});

test("a critical service on trial that is done ends the system all the same", () => {
  const hand = running(service("a"));
  apply(hand, first, [service("a"), slow("b"), service("c", { critical: "poweroff", restart: once })]);
  hand.mainStarts("c");
  hand.mainEnds("c", 0);
  hand.treeEmptied("c");
  assert.notEqual(hand.state.shutdown, null);
});

test("what is to be started anew meanwhile may be unhealthy until then", () => {
  const hand = running(service("x"));
  apply(hand, first, [service("x"), service("a", { health: health() }), service("user", { dependsOn: [needs("a")] })]);
  hand.mainStarts("a");
  hand.mainStarts("user");
  hand.request({ verb: "restart", names: ["a"] });
  assert.deepEqual([hand.unit("a").state, hand.unit("a").stopWish], ["ready", "restart"]);
  hand.nowMs += 5000;
  hand.event({ kind: "probe-failed", ticket: hand.run("a").health, reason: "refused" });
  assert.equal(hand.state.transaction?.phase, "gate");
});

test("a group that does not stay up is told without an end: it has none of its own", () => {
  const hand = running(service("a"));
  const web = service("web", { restart: restart({ policy: "always", delayMs: 0, limit: null }) });
  apply(hand, first, [service("a"), service("all", { type: "group", dependsOn: [needs("web")] }), web]);
  for (let fall = 1; fall <= 3; fall++) {
    hand.mainStarts("web");
    hand.mainEnds("web", 3);
    if (fall < 3) hand.treeEmptied("web");
  }
  assert.equal(hand.state.transaction?.because, "does not stay up");
});
