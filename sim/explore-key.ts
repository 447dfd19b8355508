/**
 * A short text that two positions share when the same can happen after both. Left out is what can make no difference any
 * more: tickets as such (what is open counts, and what belongs to what), clocks, which stand still, all that is only told
 * to people (causes, the end of the last run, why something is wanted, counts of restarts), the verdict on a run that gonit
 * stops, what comes after a stop once the system shuts down.
 *
 * Each of these is a claim about the engine. explore.ts tries them: it goes on from two positions of one key now and
 * then, and compares the keys of all that follows.
 */

import { startErrorClass } from "../src/engine/permanent.ts";
import { isSuccess } from "../src/engine/restart.ts";
import type { End, Phase, Run, State, StopCause, Target, Unit } from "../src/engine/state.ts";
import { isStopCause, stuckFailures } from "../src/engine/unit.ts";
import type { StateName } from "../src/engine/view.ts";
import { failuresLeft } from "./explore-budget.ts";
import type { Held } from "./explore-kernel.ts";
import type { Position } from "./explore-world.ts";

const states: Record<StateName, number> = {
  stopped: 0,
  waiting: 1,
  starting: 2,
  ready: 3,
  reloading: 4,
  stopping: 5,
  "backing-off": 6,
  failed: 7,
  done: 8,
};
const wishes: Record<StopCause | "", number> = {
  "": 0,
  request: 1,
  restart: 2,
  dependency: 3,
  conflict: 4,
  apply: 5,
  removed: 6,
  shutdown: 7,
};
const phases: Record<Phase, number> = {
  "pre-start": 0,
  main: 1,
  stopping: 2,
  emptying: 3,
  killing: 4,
  "post-stop": 5,
};
const mains: Record<Run["main"], number> = { none: 0, spawning: 1, running: 2, ended: 3 };
const goals: Record<Target["goal"], number> = {
  up: 0,
  restart: 1,
  down: 2,
  gone: 3,
  reload: 4,
  ready: 5,
  healthy: 6,
  done: 7,
  stopped: 8,
  run: 9,
};

let length = 0;
const buffer = new Uint16Array(256);

function put(value: number): void {
  buffer[length++] = value;
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

export function keyOf({ state, held, budget, isFinished }: Position): string {
  length = 0;
  const { shutdown } = state;
  const left = failuresLeft(budget);
  for (const [at, unit] of state.units.entries()) {
    if (shutdown !== null) ofUnitInShutdown(held, unit);
    else ofUnit(state, held, unit, state.plan?.services[at]?.restart.limit === null ? left : nothingCounts);
  }
  for (const { targets, timer } of state.requests) {
    put(0x8000 | flag(timer !== 0));
    for (const target of targets) ofTarget(state, target);
  }
  if (shutdown !== null)
    put(0x4000 | flag(shutdown.forced) | (flag(shutdown.timer !== 0) << 1) | (flag(isFinished) << 2));
  return String.fromCharCode.apply(null, buffer.subarray(0, length) as unknown as number[]);
}

/** With a limit of restarts (none here is so low that it is reached) a unit is never stuck. */
const nothingCounts = -10;

/** Failures in a row matter only when there can be so many that the unit counts as stuck. */
function failuresOf(count: number, left: number): number {
  return count + left < stuckFailures ? 0 : Math.min(count, stuckFailures);
}

function ofUnit(state: State, held: Held, unit: Unit, left: number): void {
  const { run } = unit;
  const isOver = unit.state === "failed" || unit.state === "done";
  // A run that ends may have failed already, which is not counted yet.
  const mayFail = left + flag(run !== null && mayHaveFailed(held, run));
  const counts = isOver ? 0 : failuresOf(unit.failures, mayFail) | (failuresOf(unit.refused, mayFail) << 2);
  put(
    states[unit.state] |
      (flag(unit.wanted === "up") << 4) |
      (counts << 5) |
      ((unit.blockedBy === "" ? 0 : 1 + placeOf(state, unit.blockedBy)) << 9) |
      (flag(run !== null) << 12) |
      (flag(unit.listens) << 13),
  );
  const { schedule } = unit;
  if (schedule !== null) put(flag(schedule.on) | (flag(schedule.due) << 1) | (flag(schedule.timer !== 0) << 2));
  if (run === null) return;
  put(wishOf(unit, run) | (verdictOf(run) << 3));
  ofRun(held, unit, run);
}

function mayHaveFailed({ leftovers }: Held, { start, naming, ending, end }: Run): boolean {
  // Its program has ended and left nothing that its pid file could name.
  if (ending === "") return naming !== 0 && end !== null && !leftovers.some((leftover) => leftover.start === start);
  return !isStopCause(ending) && (end === null || classOfEnd(end) !== 0);
}

/** Nothing starts any more: what has no run is out of the game, whatever else it is. */
function ofUnitInShutdown(held: Held, unit: Unit): void {
  const { run } = unit;
  if (run === null) {
    put(0);
    return;
  }
  put(1 | (states[unit.state] << 1) | (flag(unit.stopWish !== "") << 5));
  ofRun(held, unit, run);
}

function placeOf(state: State, name: string): number {
  return state.units.findIndex((unit) => unit.name === name);
}

/** Of a wish whose stop has begun, only that it is there counts, and whether it is to start anew. */
function wishOf({ stopWish }: Unit, run: Run): number {
  if (run.ending === "" || stopWish === "") return wishes[stopWish];
  const isAnew = stopWish === "restart" || stopWish === "apply";
  return isAnew && !isStopCause(run.ending) ? wishes.restart : wishes.request;
}

/** What the restart policy will make of the end. */
function verdictOf({ ending, end }: Run): number {
  if (ending === "") return end === null ? 0 : 1;
  if (isStopCause(ending)) return 2;
  return end === null ? 3 : 4 + classOfEnd(end);
}

const anyPolicy = { success: [0] } as unknown as Parameters<typeof isSuccess>[1];

function classOfEnd(end: End): number {
  if (isSuccess(end, anyPolicy)) return 0;
  if (end.cause !== "spawn-failed" && end.cause !== "pre-start-failed") return 1;
  const error = startErrorClass(end.stage, end.errno);
  return error === "permanent" ? 2 : error === "no-room" ? 3 : 1;
}

function ofRun(held: Held, unit: Unit, run: Run): void {
  put(
    phases[run.phase] |
      (mains[run.main] << 3) |
      (flag(run.ending !== "") << 5) |
      (run.commandAt << 6) |
      (flag(run.post) << 8) |
      (flag(unit.stopForce) << 9) |
      ((run.timerUse === "" ? 0 : run.timerUse === "start" ? 1 : 2) << 10) |
      (flag(run.runTimer !== 0) << 12),
  );
  put(
    (run.treeUse === "" ? 0 : run.treeUse === "await" ? 1 : 2) |
      (flag(run.touched) << 2) |
      (flag(run.left.length > 0 && run.ending === "") << 3) |
      (flag(run.lingers) << 4) |
      (flag(run.unkillable.length > 0) << 5) |
      (flag(run.probe !== 0) << 6) |
      (flag(run.readySeen && run.main === "spawning") << 7) |
      (flag(run.health !== 0) << 8) |
      (flag(run.health !== 0 && run.healthy) << 9) |
      ((run.health === 0 ? 0 : Math.min(run.healthFailures, 3)) << 10) |
      (flag(run.watchdog !== 0) << 12) |
      (flag(run.reload !== null) << 13),
  );
  for (const { kind, pid, ticket } of run.aux)
    put(0x2000 | kind | (flag(pid !== 0) << 4) | (ofProcess(held, ticket) << 5));
  put(0x3000 | ofHeld(held, run));
  if (run.naming !== 0 || run.isNamed) put(0x1000 | ofNaming(held, unit, run));
}

function ofNaming(held: Held, unit: Unit, run: Run): number {
  return (
    flag(run.naming !== 0) |
    (flag(run.isNamed) << 1) |
    (flag(run.daemon !== 0) << 2) |
    (flag(run.starter !== 0) << 3) |
    (flag(run.readySeen && unit.state === "starting") << 4) |
    (ofProcess(held, run.daemon) << 5)
  );
}

function ofProcess(held: Held, ticket: number): number {
  for (const one of held.processes) {
    if (one.ticket !== ticket) continue;
    return 1 | (flag(one.isRunning) << 1) | (flag(one.isCancelled) << 2) | (flag(one.isTold) << 3);
  }
  return 0;
}

function ofHeld(held: Held, run: Run): number {
  let bits = ofProcess(held, run.start);
  for (const wait of held.waits) if (wait.start === run.start) bits |= (1 | (flag(wait.isTold) << 1)) << 4;
  for (const one of held.leftovers) if (one.start === run.start) bits |= (1 | (flag(one.isTold) << 1)) << 6;
  return bits;
}

function ofTarget(state: State, { name, goal, begun, from, outcome }: Target): void {
  const place = placeOf(state, name);
  const counts = goal === "restart" || goal === "down";
  const isSame = counts && from === state.units[place]?.run?.start;
  put(place | (goals[goal] << 3) | (flag(begun) << 7) | (flag(isSame) << 8) | (flag(outcome !== "") << 10));
}
