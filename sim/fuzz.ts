/**
 * Runs random histories against random systems, with every fault, and checks everything after each step. A history that
 * fails is shortened to what it needs to fail, and printed with its seed.
 */

import { engineOf } from "../src/engine/engine.ts";
import { shutdownBoundMs } from "../src/engine/shutdown.ts";
import { isScheduled } from "../src/engine/unit.ts";
import { Coverage } from "./coverage.ts";
import { Faults } from "./faults.ts";
import { type History, type Move, makeHistory } from "./histories.ts";
import type { Plant } from "./plant.ts";
import { type CrashPoint, World } from "./world.ts";

export interface Figures {
  histories: number;
  events: number;
  crashes: number;
  requests: number;
  virtualMs: number;
  /** Faults that were injected, and the most events between two of them. */
  faults: number;
  longestCalm: number;
  coverage: Coverage;
}

export interface Failure {
  seed: number;
  message: string;
  /** The shortest history found. */
  history: History;
}

const quietMs = 15_000;
/** After so many events without a fault the manager dies: no more than 100 shall pass between two faults. */
const calmMax = 80;

export interface RunOptions {
  watch?: ConstructorParameters<typeof World>[0]["watch"];
  /** The manager dies in this turn. */
  crashAt?: { turn: number; point: CrashPoint };
  plant?: Plant;
}

export function newFigures(): Figures {
  return {
    histories: 0,
    events: 0,
    crashes: 0,
    requests: 0,
    virtualMs: 0,
    faults: 0,
    longestCalm: 0,
    coverage: new Coverage(),
  };
}

/** Runs one history to its end; throws what is wrong. */
export function runHistory(history: History, figures: Figures = newFigures(), options: RunOptions = {}): World {
  let services = new Map(history.plan.services.map((one) => [one.name, one]));
  const behaviour = new Faults(history.seed, { service: (name) => services.get(name) });
  let calm = 0;
  let faultsBefore = 0;
  const world = new World({
    seed: history.seed,
    behaviour,
    ...(options.crashAt === undefined ? {} : { crashAt: options.crashAt }),
    ...(options.plant === undefined ? {} : { plant: options.plant }),
    watch: (what, watched) => {
      options.watch?.(what, watched);
      if (!("event" in what)) return;
      figures.coverage.count(watched.state, what.event);
      const faults = behaviour.injected + watched.crashCount;
      calm = faults === faultsBefore ? calm + 1 : 0;
      faultsBefore = faults;
      figures.longestCalm = Math.max(figures.longestCalm, calm);
      if (calm === calmMax) watched.crashNext("before-append");
    },
  });
  const asked: number[] = [];
  try {
    world.load(history.plan, history.only === null ? {} : { only: history.only });
    for (const move of history.moves) {
      world.advance(move.afterMs);
      if (world.finished !== null) break;
      if (move.kind === "apply")
        services = new Map([...services, ...move.services.map((one) => [one.name, one] as const)]);
      makeMove(world, history, move, asked);
    }
    finish(world);
  } finally {
    figures.histories++;
    figures.events += world.eventCount;
    figures.crashes += world.crashCount;
    figures.faults += behaviour.injected + world.crashCount;
    figures.requests += asked.length;
    figures.virtualMs += world.nowMs;
  }
  return world;
}

function makeMove(world: World, history: History, move: Move, asked: number[]): void {
  switch (move.kind) {
    case "request":
      asked.push(world.request(move.request, move.timeoutMs));
      return;
    case "cancel": {
      const id = asked[asked.length - 1 - move.back];
      if (id !== undefined) world.emit({ kind: "request-cancelled", id });
      break;
    }
    case "crash":
      world.crashNext(move.point, move.loss);
      return;
    case "clock-jump":
      world.setClock(move.byMs);
      return;
    case "apply":
      asked.push(world.load({ ...history.plan, services: move.services }, move));
      return;
    case "kill-main": {
      const main = world.kernel.mainOf(move.name);
      if (main !== undefined) world.kernel.end(main, null, move.signal);
      break;
    }
    case "watched-changed":
      world.emit({ kind: "watched-changed", instance: { service: move.name, replica: 1 }, path: "/srv/a" });
      world.settleNow();
      return;
    case "connect":
      world.emit({ kind: "socket-connected", instance: { service: move.name, replica: 1 }, socket: "web" });
      world.settleNow();
      return;
    case "set-aside":
      world.emit({ kind: "event-set-aside", eventKind: "timer-fired", reason: "it ended the manager" });
      break;
    case "signal":
      world.signal({
        kind: "signal-received",
        signal: move.meaning === "reload-config" ? 1 : 2,
        meaning: move.meaning,
        exitCode: move.meaning === "force" ? 130 : null,
        mode: 1,
      });
      break;
  }
  world.settleNow();
}

/** Nothing more happens from outside; then everything is stopped, which must come to its end within its bound. */
function finish(world: World): void {
  world.advance(quietMs);
  checkOpenRequests(world);
  if (world.finished === null && world.state.shutdown === null) {
    world.signal({ kind: "signal-received", signal: 15, meaning: "stop", exitCode: null, mode: 1 });
  }
  const boundMs =
    world.state.plan === null
      ? 0
      : shutdownBoundMs({ ...world.state.plan, services: engineOf(world.state).nodes.map((node) => node.plan) });
  world.advance(boundMs + 20_000);
  if (world.finished === null) throw new Error(`check: the shutdown did not end within ${boundMs + 20_000} ms`);
  const open = [...world.checks.open];
  if (open.length > 0) throw new Error(`check: requests ${open.join(" ")} were never answered`);
}

/** Only who waits for something without a time limit, or for a service that is being restarted, may still wait. */
function checkOpenRequests(world: World): void {
  if (world.finished !== null) return;
  for (const { id, request, targets, sinceBootMs } of world.state.requests) {
    if (request.verb === "wait" || request.verb === "shutdown") continue;
    const isOld = world.nowMs - sinceBootMs > quietMs - 1000;
    const open = targets.filter(({ outcome }) => outcome === "");
    const isExplained = open.every(({ name }) => isUnderWay(world, name, new Set()));
    if (isOld && !isExplained)
      throw new Error(
        `check: request ${id} (${request.verb}) waits for ${open.map(({ name }) => name).join(" ")} and nothing happens`,
      );
  }
}

/** The unit, or what it waits for, is being started, stopped or restarted; a task may run for as long as it likes. */
function isUnderWay(world: World, name: string, seen: Set<string>): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  const node = engineOf(world.state).byName.get(name);
  if (node === undefined) return false;
  const { unit } = node;
  if (
    unit.state === "starting" ||
    unit.state === "stopping" ||
    unit.state === "backing-off" ||
    unit.state === "reloading"
  )
    return true;
  // Its time is to come.
  if (isScheduled(unit)) return true;
  if (unit.state === "ready" && (node.plan.type === "task" || unit.stopWish !== "")) return true;
  return (
    unit.state === "waiting" &&
    node.needs.some(({ to }) => isUnderWay(world, to.unit.name, seen) || to.unit.state === "ready")
  );
}

/** Histories from a seed on until that many events were stepped. The first failure, shortened, or null. */
export function fuzz(firstSeed: number, eventCount: number, figures: Figures = newFigures()): Failure | null {
  for (let seed = firstSeed; figures.events < eventCount; seed++) {
    const history = makeHistory(seed);
    const message = failureOf(history, figures);
    if (message !== null) return { seed, message, history: shrink(history, failsLike(message)) };
  }
  return null;
}

/** A shorter history must fail in the same way, whatever the numbers and names. */
function failsLike(message: string): (candidate: History) => boolean {
  const kind = (text: string) => text.replace(/\d+/g, "0").replace(/(s0 ?)+/g, "s");
  return (candidate) => {
    const found = failureOf(candidate);
    return found !== null && kind(found) === kind(message);
  };
}

export function failureOf(history: History, figures?: Figures): string | null {
  try {
    runHistory(history, figures);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const shrinkTriesMax = 3000;

/** Takes away whatever is not needed to fail: moves in ever smaller pieces, services, parts of services. */
export function shrink(history: History, isFailing: (candidate: History) => boolean): History {
  let best = history;
  let tries = 0;
  const attempt = (candidate: History): boolean => {
    if (tries++ > shrinkTriesMax || !isFailing(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.max(1, best.moves.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < best.moves.length; ) {
      const moves = best.moves.filter((_, index) => index < at || index >= at + size);
      if (!attempt({ ...best, moves })) at += size;
    }
  }
  for (let at = best.plan.services.length - 1; at >= 0; at--) attempt(withoutService(best, at));
  for (let at = 0; at < best.plan.services.length; at++) {
    for (const field of ["preStart", "postStop", "after", "conflicts", "dependsOn", "tags"] as const) {
      if ((best.plan.services[at]?.[field].length ?? 0) > 0) attempt(withoutField(best, at, field));
    }
  }
  return best;
}

/** Conflicts are taken from both sides, as the plan has them. */
function withoutField(
  history: History,
  at: number,
  field: "preStart" | "postStop" | "after" | "conflicts" | "dependsOn" | "tags",
): History {
  const name = history.plan.services[at]?.name;
  const services = history.plan.services.map((one, index) => {
    if (index === at) return { ...one, [field]: [] };
    return field === "conflicts" ? { ...one, conflicts: one.conflicts.filter((other) => other !== name) } : one;
  });
  return { ...history, plan: { ...history.plan, services } };
}

function withoutService(history: History, at: number): History {
  const gone = history.plan.services[at]?.name;
  const services = history.plan.services
    .filter(({ name }) => name !== gone)
    .map((one) => ({
      ...one,
      dependsOn: one.dependsOn.filter(({ name }) => name !== gone),
      after: one.after.filter((name) => name !== gone),
      conflicts: one.conflicts.filter((name) => name !== gone),
    }));
  return { ...history, plan: { ...history.plan, services } };
}
