import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { type Engine, engineOf, type Node } from "./engine.ts";
import { isPlain, violations } from "./invariants.ts";
import type { ServicePlan } from "./plan.ts";
import type { Run, State, UnitSchedule } from "./state.ts";

/** A machine with these services; the program of one named `broken` fails, all others run. */
function running(...services: ServicePlan[]): Engine {
  const all = new ByHand(...services);
  for (const { name, run } of all.state.units) {
    if (run === null) continue;
    all.mainStarts(name);
    if (name !== "broken") continue;
    all.mainEnds(name, 1);
    all.treeEmptied(name);
  }
  return engineOf(all.state);
}

function found(state: State): string[] {
  return violations(state, { tables: true });
}

function nodeOf(engine: Engine, name: string): Node {
  return engine.byName.get(name) as Node;
}

/** As if it had not been started, with all tables as they should be. */
function makeWait(engine: Engine, name: string): void {
  const { unit } = nodeOf(engine, name);
  for (const [ticket, node] of engine.byTicket) if (node.unit === unit) engine.byTicket.delete(ticket);
  unit.run = null;
  unit.state = "waiting";
  const node = nodeOf(engine, name);
  node.isLive = false;
  engine.liveCount--;
}

test("violations() tells of a state that does not fit the run", () => {
  const engine = running(service("a"));
  const { unit } = nodeOf(engine, "a");
  unit.state = "stopped";
  unit.wanted = "down";
  assert.deepEqual(violations(engine.state, { tables: false }), ["a: state stopped with a run"]);
});

test("violations() tells of what is said to block, and does not", () => {
  const engine = running(service("a", { dependsOn: [needs("b")] }), service("b", { ready: { kind: "notify" } }));
  nodeOf(engine, "a").unit.blockedBy = "b";
  assert.equal(violations(engine.state, { tables: false })[0], 'a: is blocked by "b", should be ""');
});

test("violations() tells of what waits for nothing: its needs are met, or optional and hopeless, and no conflict lives", () => {
  const services = [
    service("db"),
    service("broken", { restart: restart({ policy: "no" }) }),
    service("off", { enabled: false, conflicts: ["a"] }),
    service("a", { dependsOn: [needs("db"), needs("broken", { required: false })], conflicts: ["off"] }),
  ];
  const engine = running(...services);
  makeWait(engine, "a");
  assert.deepEqual(found(engine.state), ["a: waits for nothing"]);
});

test("violations() lets nothing be blocked by what only the last run's definition needed", () => {
  const no = restart({ policy: "no" });
  const [b, c] = [service("b", { restart: no }), service("c", { ready: { kind: "notify" } })];
  const all = new ByHand(service("a", { dependsOn: [needs("b", { restart: false })] }), b, c);
  for (const name of ["b", "a", "c"]) all.mainStarts(name);
  all.apply(service("a", { user: "www", dependsOn: [needs("c")] }), b, c);
  all.mainEnds("a", 0);
  all.treeEmptied("a");
  all.mainEnds("b", 1);
  all.treeEmptied("b");
  assert.deepEqual([all.unit("a").state, all.unit("b").state], ["waiting", "failed"]);
});

test("violations() tells of what listens though it is wanted, or not stopped", () => {
  const engine = running(service("a"), service("b", { enabled: false }));
  const { unit } = nodeOf(engine, "a");
  unit.listens = true;
  const text = "a: listens though it is wanted or runs";
  assert.deepEqual(found(engine.state), [text]);
  unit.wanted = "down";
  assert.deepEqual(found(engine.state), [text]);
  unit.listens = false;
  nodeOf(engine, "b").unit.listens = true;
  assert.deepEqual(violations(engine.state, { tables: false }), []);
  unit.listens = true;
  unit.wanted = "up";
  unit.state = "stopped";
  assert.ok(found(engine.state).includes(text));
});

test("violations() tells of a schedule that is not the plan's, that goes on in a shutdown, or whose run does not come", () => {
  const every = { kind: "every", text: "", everyMs: 1000, jitterMs: 0, missed: "skip", overlap: "skip" } as const;
  const engine = running(service("a", { type: "task", schedule: every }));
  const { state } = engine;
  const node = nodeOf(engine, "a");
  const { unit } = node;
  const [plan, schedule] = [node.plan, unit.schedule as UnitSchedule];
  node.plan = { ...plan, schedule: null };
  const { timer } = schedule;
  schedule.timer = 0;
  assert.deepEqual(violations(state, { tables: false }), ["a: its schedule is not the plan's"]);
  schedule.timer = timer;
  node.plan = plan;
  const finished = { mode: 0, exitCode: null, reason: "", forced: false, timer: 0, finished: true };
  state.shutdown = finished as unknown as State["shutdown"];
  assert.deepEqual(found(state), ["a: is on its schedule in a shutdown", "a: waits in a shutdown"]);
  state.shutdown = null;
  schedule.due = true;
  for (const name of ["stopped", "done", "failed"] as const) {
    unit.state = name;
    assert.ok(found(state).includes(`a: is ${name}, and its run is due`));
  }
});

test("violations() lets what waits not be blocked by what only its last run needed", () => {
  const engine = running(service("a", { dependsOn: [needs("b")] }), service("b"), service("c"));
  const { state } = engine;
  const node = nodeOf(engine, "a");
  makeWait(engine, "a");
  node.needs = node.needs.map((edge) => ({ ...edge, old: true, to: nodeOf(engine, "c") }));
  nodeOf(engine, "c").unit.state = "failed";
  assert.ok(violations(state, { tables: false }).includes("a: waits for nothing"));
});

test("violations() tells of dependencies that are not the plan's, or in another order", () => {
  const services = [service("a", { dependsOn: [needs("b"), needs("c")] }), service("b"), service("c")];
  const engine = running(...services);
  nodeOf(engine, "a").needs = [...nodeOf(engine, "a").needs].reverse();
  assert.deepEqual(found(engine.state), [
    "edges of a: a need c false, a need b false false, should be a need b false, a need c false false",
  ]);
  const other = running(...services);
  nodeOf(other, "b").neededBy = [];
  assert.deepEqual(found(other.state), ["edges of b:  false, should be a need b false false"]);
});

test("violations() tells of a kill that nobody answers", () => {
  const engine = running(service("a"));
  const { unit } = nodeOf(engine, "a");
  Object.assign(unit, { state: "stopping" });
  Object.assign(unit.run as Run, { main: "ended", phase: "killing", ending: "exited" });
  assert.deepEqual(violations(engine.state, { tables: false }), ["a: stops without a bound in phase killing"]);
  Object.assign(unit.run as Run, { main: "spawning" });
  assert.deepEqual(violations(engine.state, { tables: false }), []);
});

test("violations() compares the look-up tables only when it is asked to", () => {
  const engine = running(service("a"));
  engine.activeCount++;
  assert.deepEqual(violations(engine.state, { tables: false }), []);
  assert.deepEqual(found(engine.state), ["active 2, should be 1"]);
});

test("violations() tells of nodes that are not those of the units", () => {
  const more = running(service("a"), service("b"));
  makeWait(more, "b");
  more.state.units.pop();
  more.activeCount = 1;
  assert.deepEqual(
    found(more.state).filter((text) => !text.startsWith("b: ")),
    ["nodes and units differ", "node 1 is not its unit's"],
  );
  const swapped = running(service("a"), service("b"));
  swapped.nodes.reverse();
  assert.deepEqual(found(swapped.state).slice(0, 2), ["node 0 is not its unit's", "node 1 is not its unit's"]);
});

test("violations() tells of what is still to be looked at", () => {
  for (const mark of ["queued", "wentAway"] as const) {
    const engine = running(service("a"));
    nodeOf(engine, "a")[mark] = true;
    assert.deepEqual(found(engine.state), ["a is still to be looked at"]);
  }
});

test("violations() tells of a ticket that is the next one's", () => {
  const engine = running(service("a"));
  const { state } = engine;
  state.nextTicket = nodeOf(engine, "a").unit.run?.start ?? 0;
  assert.deepEqual(found(state), [`ticket ${state.nextTicket} was never given`]);
});

test("violations() compares the timers of requests, in whatever order", () => {
  const one = new ByHand(service("a", { ready: { kind: "notify" } }));
  const { state } = one;
  // The tables are compared as texts: of these numbers the longer ones stand first.
  state.nextTicket = 999_999_999_995;
  for (let id = 1001; id <= 1009; id++) {
    one.event({
      kind: "request-received",
      id,
      peer: { uid: 0, gid: 0, pid: 1 },
      request: { verb: "wait", names: ["a"], until: "ready" },
      timeoutMs: 1000,
    });
  }
  const engine = engineOf(state);
  const timers = [...engine.requestTimers];
  engine.requestTimers.clear();
  for (const [ticket, request] of timers.toReversed()) engine.requestTimers.set(ticket, request);
  assert.deepEqual(found(state), []);
  engine.requestTimers.clear();
  assert.deepEqual(found(state), ["request timers "]);
});

test("isPlain() refuses whatever JSON would lose", () => {
  for (const value of [null, "", "a", 0, -1.5, true, false, [], {}, { a: [1, { b: null }] }])
    assert.ok(isPlain(value), JSON.stringify(value));
  for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol("a")])
    for (const holder of [value, [1, value], { a: 1, b: value }, { a: { b: [value] } }])
      assert.ok(!isPlain(holder), String(value));
});
