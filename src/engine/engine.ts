/**
 * What one step works with: the state, look-up tables over it, and the effects so far. The tables are made from the
 * state when it is first seen and when a plan is loaded, kept beside it, and never stored; a test compares them with
 * fresh ones after every step.
 */

import { Clock } from "../contract.ts";
import { recordCause } from "./causes.ts";
import type { Effect, LogLevel } from "./effect.ts";
import type { Now } from "./event.ts";
import { type InstanceId, parseInstanceKey, type Ticket } from "./instance.ts";
import { none, withItem } from "./lists.ts";
import type { DependencyWait, ServicePlan } from "./plan.ts";
import type { Rule } from "./rules.ts";
import type { OpenRequest, State, Target, Unit } from "./state.ts";
import { isActive, isLive, openTickets } from "./unit.ts";
import type { StateName } from "./view.ts";

/** A unit and its neighbours. */
export interface Node {
  unit: Unit;
  id: InstanceId;
  /** By the present plan; definitionOf() is what the living run goes by. */
  plan: ServicePlan;
  /** Edges from this unit to what it depends on or comes after, and the reverse. */
  needs: readonly Edge[];
  neededBy: readonly Edge[];
  /** Some of `needs` are old. */
  hasOldNeeds: boolean;
  conflicts: readonly Node[];
  waiters: readonly Waiter[];
  /** Waits in the engine's queue. */
  queued: boolean;
  /** Was up and is not any more: what depends on it has to be told. */
  wentAway: boolean;
  isActive: boolean;
  isLive: boolean;
  /** Where the last search through neededBy or needs ended: the next one begins there. */
  neededByAt: number;
  needsAt: number;
}

/** A request that waits for this unit. */
export interface Waiter {
  request: OpenRequest;
  target: Target;
}

export interface Edge {
  from: Node;
  to: Node;
  name: string;
  kind: "need" | "after";
  wait: DependencyWait;
  required: boolean;
  restart: boolean;
  /** Stands in Unit.oldPlan, not in the present plan. */
  old: boolean;
}

export interface Engine {
  state: State;
  nodes: Node[];
  byName: Map<string, Node>;
  /** Open tickets of runs and backoff timers. */
  byTicket: Map<Ticket, Node>;
  requestTimers: Map<Ticket, OpenRequest>;
  /** Units that run, wait for something that can come, or are scheduled. */
  activeCount: number;
  /** Units with processes that are not given up. */
  liveCount: number;
  /** Units whose neighbours and requests have to look at them again. */
  queue: Node[];
  effects: Effect[];
  now: Now;
  random: number;
  /** Kind of the event that is being handled. */
  event: string;
}

const engines = new WeakMap<State, Engine>();

export function engineOf(state: State): Engine {
  let engine = engines.get(state);
  if (engine === undefined) {
    engine = newEngine(state);
    engines.set(state, engine);
  }
  return engine;
}

export function newEngine(state: State): Engine {
  const engine: Engine = {
    state,
    nodes: [],
    byName: new Map(),
    byTicket: new Map(),
    requestTimers: new Map(),
    activeCount: 0,
    liveCount: 0,
    queue: [],
    effects: [],
    now: { monotonicMs: 0, bootMs: 0, wallMs: 0 },
    random: 0,
    event: "",
  };
  makeTables(engine);
  return engine;
}

/** Makes all look-up tables from the state. */
export function makeTables(engine: Engine): void {
  const { state, byName } = engine;
  byName.clear();
  engine.byTicket.clear();
  engine.requestTimers.clear();
  engine.activeCount = 0;
  engine.liveCount = 0;
  const plans = new Map<string, ServicePlan>();
  for (const plan of state.plan?.services ?? []) plans.set(plan.name, plan);
  engine.nodes = [];
  for (const unit of state.units) {
    const plan = unit.removed ? unit.oldPlan : (plans.get(unit.name) ?? unit.oldPlan);
    if (plan === null) throw new Error(`assert: unit ${unit.name} has no definition`);
    const node = newNode(unit, plan);
    engine.nodes.push(node);
    byName.set(unit.name, node);
    for (const ticket of openTickets(unit)) engine.byTicket.set(ticket, node);
  }
  for (const node of engine.nodes) {
    if (!node.unit.removed) link(engine, node, node.plan, false);
    if (node.unit.oldPlan !== null) link(engine, node, node.unit.oldPlan, true);
    recount(engine, node);
  }
  for (const request of state.requests) {
    if (request.timer !== 0) engine.requestTimers.set(request.timer, request);
    for (const target of request.targets) {
      const node = target.outcome === "" ? byName.get(target.name) : undefined;
      if (node !== undefined) addWaiter(node, request, target);
    }
  }
}

export function addWaiter(node: Node, request: OpenRequest, target: Target): void {
  node.waiters = withItem(node.waiters, { request, target });
}

function newNode(unit: Unit, plan: ServicePlan): Node {
  return {
    unit,
    id: parseInstanceKey(unit.name),
    plan,
    needs: none,
    neededBy: none,
    hasOldNeeds: false,
    conflicts: none,
    waiters: none,
    queued: false,
    wentAway: false,
    isActive: false,
    isLive: false,
    neededByAt: 0,
    needsAt: 0,
  };
}

function link(engine: Engine, from: Node, plan: ServicePlan, old: boolean): void {
  for (const { name, wait, required, restart } of plan.dependsOn) {
    addEdge(engine, { from, name, kind: "need", wait, required, restart, old });
  }
  for (const name of plan.after) {
    addEdge(engine, { from, name, kind: "after", wait: "ready", required: false, restart: false, old });
  }
  if (old) return;
  // Conflicts go by the present plan, which names only services that are in it.
  for (const name of plan.conflicts) from.conflicts = withItem(from.conflicts, engine.byName.get(name) as Node);
}

/** A plan names only services that are in it; those that only an old plan names may be gone. */
function addEdge({ byName }: Engine, words: Omit<Edge, "to">): void {
  const to = byName.get(words.name);
  if (to === undefined) return;
  const edge = { ...words, to };
  edge.from.needs = withItem(edge.from.needs, edge);
  edge.from.hasOldNeeds ||= edge.old;
  to.neededBy = withItem(to.neededBy, edge);
}

/**
 * The run that was started with an old definition has ended: its edges go, as if they were made anew. Left in their places
 * they would have others look at this unit earlier than after a replay, which does not know them.
 */
export function forgetOldNeeds(node: Node): void {
  if (!node.hasOldNeeds || node.unit.oldPlan !== null) return;
  for (const edge of node.needs) if (edge.old) edge.to.neededBy = edge.to.neededBy.filter((one) => one !== edge);
  node.needs = node.needs.filter(({ old }) => !old);
  node.hasOldNeeds = false;
}

/** A unit that is forgotten: whoever needed it does so no more. It still wakes them itself, this once. */
export function forgetNeedsOf(node: Node): void {
  for (const { from } of node.neededBy) {
    from.needs = from.needs.filter(({ to }) => to !== node);
    from.hasOldNeeds = from.needs.some(({ old }) => old);
  }
}

/** What the living run was started with; without one, what the next start will use. */
export function definitionOf(node: Node): ServicePlan {
  return node.unit.oldPlan ?? node.plan;
}

export function newTicket(engine: Engine): Ticket {
  return engine.state.nextTicket++;
}

/** Brings a unit into a state, notes why, and has its neighbours look at it. */
export function setState(engine: Engine, node: Node, state: StateName, rule: Rule, effect: string): void {
  const { unit } = node;
  if (unit.state !== state) {
    unit.state = state;
    unit.sinceBootMs = engine.now.bootMs;
    engine.effects.push({ kind: "publish", instance: node.id, state, cause: rule, detail: effect });
  }
  unit.blockedBy = "";
  recordCause(engine.state, unit, engine.now.bootMs, engine.event, rule, effect);
  touch(engine, node);
}

/** Notes something that happened to a unit but is no change of its state. */
export function note(engine: Engine, node: Node | null, rule: Rule, effect: string): void {
  recordCause(engine.state, node === null ? null : node.unit, engine.now.bootMs, engine.event, rule, effect);
}

/** Something about the unit changed: counts it anew and queues it. */
export function touch(engine: Engine, node: Node): void {
  recount(engine, node);
  if (node.queued) return;
  node.queued = true;
  engine.queue.push(node);
}

function recount(engine: Engine, node: Node): void {
  const active = isActive(node.unit, definitionOf(node).type);
  const live = isLive(node.unit);
  if (active !== node.isActive) engine.activeCount += active ? 1 : -1;
  if (live !== node.isLive) engine.liveCount += live ? 1 : -1;
  node.isActive = active;
  node.isLive = live;
}

export function log(
  engine: Engine,
  level: LogLevel,
  message: string,
  fields: Record<string, string | number>,
  lines: readonly string[] = none,
): void {
  engine.effects.push({ kind: "log", level, message, fields, lines });
}

/** Arms a timer, on the clock that does not count suspend if none is named; for a unit its ticket must be stored by the caller. */
export function armTimer(engine: Engine, node: Node | null, atMs: number, clock: number = Clock.monotonic): Ticket {
  const ticket = newTicket(engine);
  if (node !== null) engine.byTicket.set(ticket, node);
  engine.effects.push({ kind: "arm-timer", ticket, clock, atMs });
  return ticket;
}

export function cancelTimer(engine: Engine, ticket: Ticket): void {
  if (ticket === 0) return;
  engine.byTicket.delete(ticket);
  engine.effects.push({ kind: "cancel-timer", ticket });
}
