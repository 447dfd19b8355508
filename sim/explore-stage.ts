/** The one state that all positions are stepped in, and what lasts of it. */

import { addWaiter, type Engine, engineOf, makeTables } from "../src/engine/engine.ts";
import type { Plan } from "../src/engine/plan.ts";
import { initialState, type Quiet, type Ring, type Run, type Unit } from "../src/engine/state.ts";
import { isActive, isLive, openTickets } from "../src/engine/unit.ts";
import type { Position } from "./explore-world.ts";

/**
 * The one state that all positions are stepped in: the engine keeps look-up tables with each state object, and making
 * all of them for every turn would take longer than the turn.
 */
const stage = initialState();
/** The plan that the stage's units and edges were made for. */
let tablesOf: Plan | null = null;

/** The position's state is the next call's of take() no more. */
export function keep(position: Position): Position {
  position.state = { ...position.state, causes: unread };
  return position;
}

/** Causes are for people to read, and nobody reads them here: all units write into one ring. */
const unread: Ring = { next: 0, items: [] };
/** Nor do they hear the lines that a unit logs, or does not log any more. */
const unheard: Quiet = { loudMs: 0, burst: 0, hushed: 0, now: false };
/** No plan here has a limit of restarts, the only thing that writes into this. */
const noNumbers: number[] = [];

/** A copy that shares nothing that a step may change. What is only for people to read (causes) is left out. */
export function onStage({ state, held, budget, isFinished }: Position): Position {
  stage.plan = state.plan;
  stage.life = state.life;
  stage.beganMs = state.beganMs;
  stage.nextTicket = state.nextTicket;
  stage.units = state.units.map(copyOfUnit);
  stage.requests = state.requests.map((one) => ({ ...one, targets: one.targets.map((target) => ({ ...target })) }));
  // No apply happens here.
  stage.planBefore = null;
  stage.transaction = null;
  stage.shutdown = state.shutdown === null ? null : { ...state.shutdown };
  stage.idleTold = state.idleTold;
  stage.causes = unread;
  unread.next = 0;
  setTables(engineOf(stage));
  return {
    state: stage,
    held: {
      processes: held.processes.slice(),
      waits: held.waits.slice(),
      leftovers: held.leftovers.slice(),
      timers: held.timers.slice(),
      probes: held.probes.slice(),
      handlers: held.handlers.slice(),
    },
    budget,
    isFinished,
  };
}

/**
 * Who depends on whom stands in the plan, and no apply happens here: the edges of one position are those of the next, and
 * only what comes from the units and requests is made anew. checkPosition() compares the outcome with tables made from
 * nothing, at one of a few positions.
 */
function setTables(engine: Engine): void {
  // New ones: a Map that is emptied again and again leads from each of its former tables to the next, and all they hold
  // would stay in memory.
  engine.byTicket = new Map();
  engine.requestTimers = new Map();
  if (tablesOf !== stage.plan || engine.nodes.length !== stage.units.length) {
    engine.byName = new Map();
    makeTables(engine);
    tablesOf = stage.plan;
    return;
  }
  engine.activeCount = 0;
  engine.liveCount = 0;
  for (let at = 0; at < stage.units.length; at++) setNode(engine, at, stage.units[at] as Unit);
  for (const request of stage.requests) {
    if (request.timer !== 0) engine.requestTimers.set(request.timer, request);
    for (const target of request.targets) {
      const node = target.outcome === "" ? engine.byName.get(target.name) : undefined;
      if (node !== undefined) addWaiter(node, request, target);
    }
  }
}

function setNode(engine: Engine, at: number, unit: Unit): void {
  const node = engine.nodes[at] as Engine["nodes"][number];
  node.unit = unit;
  if (node.waiters.length > 0) node.waiters = [];
  node.queued = false;
  node.wentAway = false;
  node.isActive = isActive(unit, node.plan.type);
  node.isLive = isLive(unit);
  node.neededByAt = 0;
  node.needsAt = 0;
  if (node.isActive) engine.activeCount++;
  if (node.isLive) engine.liveCount++;
  for (const ticket of openTickets(unit)) engine.byTicket.set(ticket, node);
}

/** Field by field: several times faster than a spread, and the compiler sees that none is missing. */
function copyOfUnit(unit: Unit): Unit {
  return {
    name: unit.name,
    wanted: unit.wanted,
    wantedBecause: unit.wantedBecause,
    state: unit.state,
    sinceBootMs: unit.sinceBootMs,
    listens: unit.listens,
    blockedBy: unit.blockedBy,
    stopWish: unit.stopWish,
    stopForce: unit.stopForce,
    run: unit.run === null ? null : copyOfRun(unit.run),
    // Never changed once it stands there.
    last: unit.last,
    failedBecause: unit.failedBecause,
    failures: unit.failures,
    refused: unit.refused,
    restarts: unit.restarts,
    restartTimes: noNumbers,
    runsDone: unit.runsDone,
    backoff: unit.backoff,
    backoffAtMs: unit.backoffAtMs,
    schedule: unit.schedule === null ? null : { ...unit.schedule },
    oldPlan: unit.oldPlan,
    removed: unit.removed,
    statusText: unit.statusText,
    quiet: unheard,
    causes: unread,
  };
}

function copyOfRun(run: Run): Run {
  return {
    start: run.start,
    beganMs: run.beganMs,
    phase: run.phase,
    main: run.main,
    pid: run.pid,
    slot: run.slot,
    daemon: run.daemon,
    starter: run.starter,
    naming: run.naming,
    namingPid: run.namingPid,
    namingReason: run.namingReason,
    isNamed: run.isNamed,
    execMs: run.execMs,
    readyMs: run.readyMs,
    aux: run.aux.length === 0 ? [] : run.aux.map((one) => ({ ...one })),
    reload: run.reload,
    commandAt: run.commandAt,
    post: run.post,
    ending: run.ending,
    end: run.end === null ? null : { ...run.end },
    tree: run.tree,
    treeUse: run.treeUse,
    touched: run.touched,
    left: run.left,
    lingers: run.lingers,
    killed: run.killed,
    unkillable: run.unkillable,
    probe: run.probe,
    readySeen: run.readySeen,
    probeReason: run.probeReason,
    health: run.health,
    healthy: run.healthy,
    healthFailures: run.healthFailures,
    healthReason: run.healthReason,
    watchdog: run.watchdog,
    watchdogAtMs: run.watchdogAtMs,
    watchdogMs: run.watchdogMs,
    timer: run.timer,
    timerUse: run.timerUse,
    timerAtMs: run.timerAtMs,
    runTimer: run.runTimer,
    runTimerAtMs: run.runTimerAtMs,
  };
}
