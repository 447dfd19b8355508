import assert from "node:assert/strict";
import { test } from "node:test";
import { command, needs, service, stop, system } from "../../sim/plans.ts";
import { ShutdownMode, Stage } from "../contract.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import { killMs, longestStopMs, shutdownBoundMs, strayGraceMs } from "./shutdown.ts";
import { initialState, type State, withPlan } from "./state.ts";
import { step } from "./step.ts";

const oneSecond = stop({ timeoutMs: 1000 });

test("longestStopMs() is the slowest chain, not the sum", () => {
  const services = [
    service("db", { stop: oneSecond }),
    service("web", { stop: oneSecond, dependsOn: [needs("db")] }),
    service("alone", { stop: stop({ timeoutMs: 5000 }) }),
  ];
  assert.equal(longestStopMs(services), Math.max(2 * (1000 + killMs), 5000 + killMs));
});

test("longestStopMs() counts order-only edges, post_stop once more, groups not at all", () => {
  const services = [
    service("a", { stop: oneSecond, postStop: [command("/bin/x")] }),
    service("b", { stop: oneSecond, after: ["a"] }),
    service("g", { type: "group", dependsOn: [needs("b")] }),
  ];
  assert.equal(longestStopMs(services), 3 * (1000 + killMs));
});

test("longestStopMs() walks a chain of 20,000 without recursion, and survives a cycle", () => {
  const chain = Array.from({ length: 20_000 }, (_, at) =>
    service(`s${at}`, { stop: stop({ timeoutMs: 1 }), dependsOn: at > 0 ? [needs(`s${at - 1}`)] : [] }),
  );
  assert.equal(longestStopMs(chain), 20_000 * (1 + killMs));
  assert.equal(longestStopMs(chain.toReversed()), 20_000 * (1 + killMs));
  const cycle = [service("a", { dependsOn: [needs("b")] }), service("b", { dependsOn: [needs("a")] })];
  assert.ok(Number.isFinite(longestStopMs(cycle)));
});

test("longestStopMs() counts what is needed as well as what is come after, and leaves out what is not there any more", () => {
  const services = [
    service("a", { stop: oneSecond }),
    service("b", { stop: stop({ timeoutMs: 5000 }) }),
    service("c", { stop: oneSecond, dependsOn: [needs("a")], after: ["gone", "b"] }),
  ];
  assert.equal(longestStopMs(services), 6000 + 2 * killMs);
});

test("shutdownBoundMs() takes the plan's own bound when it has one", () => {
  assert.equal(shutdownBoundMs(system([], { shutdownTimeoutMs: 7000 })), 7000 + killMs + strayGraceMs);
  assert.equal(shutdownBoundMs(system([service("a", { stop: oneSecond })])), 1000 + 2 * killMs + strayGraceMs);
});

const signal = { kind: "signal-received", signal: 15, exitCode: 130, mode: ShutdownMode.exit } as const;
const stopAll: Event = { ...signal, meaning: "stop" };
const killAll: Event = { ...signal, meaning: "force" };

function tell(state: State, ...events: Event[]): Effect[] {
  return step(state, { now: { monotonicMs: 5, bootMs: 5, wallMs: 5 }, random: 1, events }).effects.slice();
}

/** A system of which every program runs, or cannot be started; of the rest nothing is answered. */
function started(services: ServicePlan[], spawnErrno = 0): { state: State; effects: Effect[] } {
  const state = initialState();
  const spawns = tell(state, { kind: "plan-loaded", plan: system(services), request: null, only: null });
  const effects = spawns.flatMap((effect) => {
    if (effect.kind !== "spawn") return [];
    const { ticket } = effect;
    if (spawnErrno === 0) return tell(state, { kind: "spawn-succeeded", ticket, pid: 1, slot: 1 });
    return tell(state, { kind: "spawn-failed", ticket, stage: Stage.exec, errno: spawnErrno, detail: "" });
  });
  return { state, effects };
}

function fieldsOf(effects: Effect[], message: string): unknown {
  const found = effects.find((effect) => effect.kind === "log" && effect.message === message);
  return found?.kind === "log" ? found.fields : null;
}

const many = Array.from({ length: 21 }, (_, at) => service(`s${at + 1}`));
const firstNames = many
  .slice(0, 20)
  .map(({ name }) => name)
  .join(" ");

test("beginShutdown() ends a system that has no plan yet at once", () => {
  const effects = tell(initialState(), stopAll);
  assert.deepEqual(
    effects.map(({ kind }) => kind),
    ["log", "finish-shutdown"],
  );
});

test("forceShutdown() kills once, however often it is asked, and does nothing when all is told to init", () => {
  const { state } = started([service("a")]);
  tell(state, stopAll);
  assert.deepEqual(
    tell(state, killAll).map(({ kind }) => kind),
    ["log", "cancel-timer", "kill-tree", "cancel-timer", "arm-timer"],
  );
  assert.deepEqual(tell(state, killAll), []);
  const ticket = state.shutdown?.timer ?? 0;
  assert.equal(tell(state, { kind: "timer-fired", ticket }).at(-1)?.kind, "finish-shutdown");
  assert.deepEqual(tell(state, { ...killAll, exitCode: 7 }), []);
  assert.equal(state.shutdown?.exitCode, 130);
});

test("shutdownTimerFired() gives up what outlives the kill, and names at most twenty", () => {
  const { state } = started(many);
  tell(state, killAll);
  const effects = tell(state, { kind: "timer-fired", ticket: state.shutdown?.timer ?? 0 });
  assert.deepEqual(fieldsOf(effects, "Services could not be ended"), { services: firstNames });
  assert.equal(effects.at(-1)?.kind, "finish-shutdown");
});

test("endIfIdle() names at most twenty that failed", () => {
  const { effects } = started(many, 2);
  assert.deepEqual(fieldsOf(effects, "Nothing runs any more"), { failed: firstNames });
});

test("endIfIdle() waits for the plan to be loaded again when the state was lost", () => {
  const state = withPlan(initialState(), system([service("a")]));
  assert.deepEqual(tell(state, { kind: "manager-started", life: 2 }), []);
  assert.equal(
    tell(withPlan(initialState(), system([])), { kind: "manager-started", life: 2 }).at(-1)?.kind,
    "finish-shutdown",
  );
});
