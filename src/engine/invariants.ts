/**
 * What must hold after every step. The simulator and the tests check all of it each time; it looks at the whole state, so
 * the manager itself does not.
 */

import { definitionOf, type Engine, engineOf, type Node, newEngine } from "./engine.ts";
import { availability, isHeld } from "./ordering.ts";
import type { Run, State, Unit } from "./state.ts";
import { awaitsItsTime, isEnding, isLive, isUp, openTickets } from "./unit.ts";

/** Every violation in words; empty when all is well. The look-up tables are compared only when asked for: it takes long. */
export function violations(state: State, options: { tables: boolean }): string[] {
  const engine = engineOf(state);
  const found: string[] = [];
  for (const node of engine.nodes) {
    for (const text of ofUnit(engine, node)) found.push(`${node.unit.name}: ${text}`);
  }
  ofSystem(engine, found);
  if (engine.queue.length > 0) found.push("units are left in the queue");
  if (options.tables) ofTables(engine, found);
  return found;
}

function ofUnit(engine: Engine, node: Node): string[] {
  const { unit } = node;
  const { run } = unit;
  const found: string[] = [];
  const { state } = unit;
  const hasRun = state === "starting" || state === "ready" || state === "reloading" || state === "stopping";
  if (hasRun !== (run !== null)) found.push(`state ${unit.state} ${run === null ? "without" : "with"} a run`);
  if ((unit.state === "backing-off") !== (unit.backoff !== 0))
    found.push(`state ${unit.state} with backoff ${unit.backoff}`);
  if (unit.wanted === "down" && run === null && unit.state !== "stopped")
    found.push(`is ${unit.state} though not wanted`);
  if (unit.wanted === "up" && unit.state === "stopped" && engine.state.shutdown === null)
    found.push("is stopped though wanted");
  const rival = unit.wanted === "up" ? node.conflicts.find((other) => other.unit.wanted === "up") : undefined;
  if (rival !== undefined) found.push(`is wanted, and so is ${rival.unit.name}, which conflicts with it`);
  if (unit.listens && (unit.wanted === "up" || unit.state !== "stopped"))
    found.push("listens though it is wanted or runs");
  if (unit.stopWish !== "" && run === null) found.push("a stop is wished of what does not run");
  if (unit.oldPlan !== null && run === null) found.push("keeps an old definition without a run");
  if (unit.removed && run === null) found.push("is removed and not forgotten");
  ofSchedule(engine, node, found);
  if (unit.blockedBy !== "" && unit.state !== "waiting") found.push(`is blocked in state ${unit.state}`);
  if (unit.state === "waiting") ofWaiting(engine, node, found);
  if (run !== null) ofRun(engine, node, run, found);
  return found;
}

/** What is on its schedule is wanted and has its next time; a run that is due comes. */
function ofSchedule(engine: Engine, { unit, plan }: Node, found: string[]): void {
  const { schedule } = unit;
  if ((schedule === null) !== (plan.schedule === null)) found.push("its schedule is not the plan's");
  if (schedule === null || plan.schedule === null) return;
  const { on, due, timer } = schedule;
  if (on && unit.wanted === "down") found.push("is on its schedule though not wanted");
  if (on && engine.state.shutdown !== null) found.push("is on its schedule in a shutdown");
  if (timer !== 0 && !on) found.push("has a next time though it is not on its schedule");
  if (timer === 0 && on && plan.schedule.kind === "every") found.push("is on its schedule without a next time");
  if (due && ["stopped", "done", "failed"].includes(unit.state)) found.push(`is ${unit.state}, and its run is due`);
}

/** Nothing waits that could start, and nothing waits in a shutdown. */
function ofWaiting(engine: Engine, node: Node, found: string[]): void {
  if (engine.state.shutdown !== null) found.push("waits in a shutdown");
  const { blockedBy } = node.unit;
  if (awaitsItsTime(node.unit)) {
    if (blockedBy !== "") found.push("is blocked before its time");
    return;
  }
  const edges = node.needs.filter(({ old }) => !old);
  const blocking = edges.find((edge) => edge.required && availability(edge) === "blocked")?.name ?? "";
  if (blockedBy !== blocking) found.push(`is blocked by "${blockedBy}", should be "${blocking}"`);
  const isFree = edges.every(
    (edge) => availability(edge) === "met" || (availability(edge) === "blocked" && !edge.required),
  );
  if (isFree && node.conflicts.every(({ unit }) => !isLive(unit))) found.push("waits for nothing");
}

/** Every wait has a bound, and the stages of a run fit together. */
function ofRun(engine: Engine, node: Node, run: Run, found: string[]): void {
  const { unit } = node;
  const isProcess = run.main === "spawning" || run.main === "running" || run.aux.length > 0;
  if (unit.state === "starting" && run.timerUse !== "start") found.push("starts without a time limit");
  if ((unit.state === "stopping") !== isEnding(run)) found.push(`state ${unit.state}, ending "${run.ending}"`);
  const hasBound = run.timer !== 0 || run.tree !== 0 || (run.phase === "killing" && isProcess);
  if (unit.state === "stopping" && !hasBound) found.push(`stops without a bound in phase ${run.phase}`);
  if (run.timer !== 0 && run.timerUse === "") found.push("a timer without a use");
  if (run.tree !== 0 && run.treeUse === "") found.push("looks at its tree without a use");
  if (run.unkillable.length > 0 && run.treeUse !== "kill") found.push("is unkillable and nobody tries");
  if (run.probe !== 0 && unit.state !== "starting") found.push(`is asked for readiness in state ${unit.state}`);
  ofWatches(node, run, found);
  if (unit.stopWish !== "" && !isEnding(run) && !isHeld(engine, node))
    found.push("is to be stopped, and nothing holds it");
}

/** What is up is asked for its health, and nothing else is. */
function ofWatches(node: Node, run: Run, found: string[]): void {
  const { health, watchdogMs } = definitionOf(node);
  const { state } = node.unit;
  const isRunUp = isUp(node.unit);
  if (run.health !== 0 && !isRunUp) found.push(`is asked for its health in state ${state}`);
  if (run.health === 0 && isRunUp && health !== null) found.push("nobody asks for its health");
  if (run.watchdog !== 0 && !isRunUp) found.push(`is watched in state ${state}`);
  if (run.watchdog === 0 && isRunUp && watchdogMs !== null) found.push("nobody watches it");
}

function ofSystem(engine: Engine, found: string[]): void {
  const { state } = engine;
  for (const { id, open, targets, request } of state.requests) {
    const count = targets.filter(({ outcome }) => outcome === "").length;
    if (count !== open) found.push(`request ${id} has ${count} open targets, counted ${open}`);
    const isSettled = open === 0 && request.verb !== "shutdown" && id !== state.transaction?.request;
    if (isSettled) found.push(`request ${id} is settled and not answered`);
  }
  if (new Set(state.requests.map(({ id }) => id)).size !== state.requests.length)
    found.push("two requests with one number");
  ofTransaction(state, found);
  const { shutdown } = state;
  if (shutdown === null || shutdown.finished) return;
  if (engine.liveCount === 0) found.push("everything is down and the shutdown is not finished");
  if (shutdown.timer === 0) found.push("the shutdown has no bound");
}

/** It waits for something, has what it may put back, and none goes on in a shutdown. */
function ofTransaction({ transaction, planBefore, requests, shutdown }: State, found: string[]): void {
  if ((transaction?.phase === "gate") !== (planBefore !== null)) found.push("a plan to go back to without a gate");
  if (transaction === null) return;
  if (shutdown !== null) found.push("an apply goes on in a shutdown");
  const request = requests.find(({ id }) => id === transaction.request);
  if (request === undefined) found.push("an apply without a request");
  else if (request.open === 0 && transaction.hold === 0) found.push("an apply waits for nothing");
}

/** The look-up tables are what a new manager would make of the state. */
function ofTables(engine: Engine, found: string[]): void {
  const fresh = newEngine(engine.state);
  if (engine.activeCount !== fresh.activeCount)
    found.push(`active ${engine.activeCount}, should be ${fresh.activeCount}`);
  if (engine.liveCount !== fresh.liveCount) found.push(`live ${engine.liveCount}, should be ${fresh.liveCount}`);
  if (engine.nodes.length !== fresh.nodes.length) found.push("nodes and units differ");
  for (const [at, node] of engine.nodes.entries()) {
    const other = fresh.nodes[at];
    if (other?.unit !== node.unit) found.push(`node ${at} is not its unit's`);
    const waiters = node.waiters.map(({ request }) => request.id).sort();
    const otherWaiters = (other?.waiters ?? []).map(({ request }) => request.id).sort();
    if (waiters.join() !== otherWaiters.join())
      found.push(`waiters of ${node.unit.name}: ${waiters}, should be ${otherWaiters}`);
    if (other !== undefined && edgesText(node) !== edgesText(other))
      found.push(`edges of ${node.unit.name}: ${edgesText(node)}, should be ${edgesText(other)}`);
    if (node.wentAway || node.queued) found.push(`${node.unit.name} is still to be looked at`);
  }
  ofTickets(engine, fresh, found);
}

/** In their order, which is the order in which neighbours are looked at. */
function edgesText({ needs, neededBy, hasOldNeeds }: Node): string {
  const texts = [...needs, ...neededBy].map(({ from, name, kind, old }) => `${from.unit.name} ${kind} ${name} ${old}`);
  return `${texts.join(", ")} ${hasOldNeeds}`;
}

function ofTickets(engine: Engine, fresh: Engine, found: string[]): void {
  const seen = new Map<number, Unit>();
  for (const { unit } of engine.nodes) {
    for (const ticket of openTickets(unit)) {
      if (seen.has(ticket)) found.push(`ticket ${ticket} is used twice`);
      if (ticket >= engine.state.nextTicket) found.push(`ticket ${ticket} was never given`);
      seen.set(ticket, unit);
      if (engine.byTicket.get(ticket)?.unit !== unit) found.push(`ticket ${ticket} of ${unit.name} leads nowhere`);
    }
  }
  for (const ticket of engine.byTicket.keys()) if (!seen.has(ticket)) found.push(`ticket ${ticket} is of nothing`);
  const timers = [...engine.requestTimers.keys()].sort().join();
  if (timers !== [...fresh.requestTimers.keys()].sort().join()) found.push(`request timers ${timers}`);
}

/** A copy that has gone through JSON must be the same: no undefined, no NaN, nothing that is not plain data. */
export function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "object" && Object.values(value).every(isPlain);
}
