/**
 * A plan takes effect: the first one, or one that an apply puts in place of the running one. Units whose definition did
 * not change keep running; a run whose definition changed or vanished goes on by its old definition (Unit.oldPlan) until
 * it has ended.
 */

import { adoptAll } from "./adoption.ts";
import { needsNewProcess, planChanges } from "./diff.ts";
import {
  cancelTimer,
  type Engine,
  forgetNeedsOf,
  log,
  makeTables,
  type Node,
  note,
  setState,
  touch,
} from "./engine.ts";
import type { Event } from "./event.ts";
import { renewHealth } from "./health.ts";
import { beginListening, isLazy } from "./lazy.ts";
import { none } from "./lists.ts";
import { matchNames } from "./names.ts";
import { enterWaiting } from "./ordering.ts";
import type { Plan, ServicePlan } from "./plan.ts";
import { answerIfSettled, replaceApply } from "./request-end.ts";
import { openApply } from "./requests.ts";
import { fitSchedules, restoreTimes } from "./schedule.ts";
import { cancelBackoff, forgetFailures } from "./settle.ts";
import { newUnit, type Target, type Unit } from "./state.ts";
import { wishStop } from "./stopping.ts";
import { renewLimits } from "./timers.ts";
import { beginTransaction, refuseInTransaction } from "./transaction-begin.ts";
import { isUp } from "./unit.ts";
import { wantDown, wantUp } from "./wanted.ts";

type Loaded = Extract<Event, { kind: "plan-loaded" }>;

export function loadPlan(engine: Engine, event: Loaded): void {
  if (engine.state.shutdown !== null) {
    if (event.request !== null) {
      const reply = { outcome: "refused", reason: "the system is shutting down" } as const;
      engine.effects.push({ kind: "reply", request: event.request, reply });
    }
    return;
  }
  if (engine.state.units.length === 0) loadFirst(engine, event);
  else if (engine.state.transaction === null) apply(engine, event);
  else refuseInTransaction(engine, event);
}

/** What the configuration calls the system. */
function givenNames({ title, version }: Plan): Record<string, string> {
  return { ...(title === "" ? {} : { title }), ...(version === "" ? {} : { version }) };
}

function loadFirst(engine: Engine, event: Loaded): void {
  const { plan } = event;
  engine.state.plan = plan;
  engine.state.units = plan.services.map((service) => newUnit(service.name, engine.now.bootMs));
  if (engine.state.beganMs < 0) engine.state.beganMs = engine.now.monotonicMs;
  makeTables(engine);
  fitSchedules(engine, new Map());
  restoreTimes(engine, event.keptTimes ?? {});
  log(engine, "info", "Starting services", givenNames(plan));
  adoptAll(engine);
  let nodes: Node[];
  if (event.only === null)
    nodes = enabledWithoutConflict(
      engine,
      engine.nodes.filter((node) => node.plan.enabled),
    );
  else {
    const { found, unknown, suggestions } = matchNames(engine.nodes, event.only);
    nodes = found;
    if (unknown.length > 0) {
      const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(", ")}?` : "";
      log(engine, "error", "Cannot start what is not there", {
        reason: `there is no service ${unknown.join(", ")}${hint}`,
      });
    }
  }
  wantFromStart(engine, nodes, event.only === null ? "wanted-at-start" : "wanted-by-name");
  if (event.request !== null) openApply(engine, event.request, upTargets(nodes), event.timeoutMs);
}

function upTargets(nodes: Node[]): Target[] {
  return nodes.map((node) => targetOf(node, "up", ""));
}

function wantFromStart(engine: Engine, nodes: Node[], rule: "wanted-at-start" | "wanted-by-name" | "apply-new"): void {
  const because = rule === "wanted-by-name" ? "named on the command line" : "enabled";
  const [lazy, others] = [nodes.filter(({ plan }) => isLazy(plan)), nodes.filter(({ plan }) => !isLazy(plan))];
  wantUp(engine, others, { because, rule, byHand: false, request: 0 });
  for (const node of lazy) beginListening(engine, node);
}

/** Of services that conflict, the first one in the plan is started. */
function enabledWithoutConflict(engine: Engine, nodes: Node[]): Node[] {
  const chosen = new Set<Node>();
  for (const node of nodes) {
    const other = node.conflicts.find((conflict) => chosen.has(conflict) || conflict.unit.wanted === "up");
    if (other === undefined) {
      chosen.add(node);
      continue;
    }
    node.unit.wantedBecause = `conflicts with ${other.unit.name}`;
    note(engine, node, "unwanted-by-conflict", node.unit.wantedBecause);
  }
  return [...chosen];
}

function apply(engine: Engine, event: Loaded): void {
  replaceApply(engine, event.request ?? 0);
  const planBefore = engine.state.plan as Plan;
  const up = engine.nodes.filter(({ unit }) => unit.wanted === "up").map(({ unit }) => unit.name);
  const listening = engine.nodes.filter(({ unit }) => unit.listens).map(({ unit }) => unit.name);
  const changes = planChanges({ ...event.plan, services: definitions(engine) }, event.plan, up);
  log(engine, "info", "Applying configuration", { title: event.plan.title, version: event.plan.version });
  const { before, changed } = replacePlan(engine, event.plan);
  const targets: Target[] = [];
  const fresh: Node[] = [];
  stopNewConflicts(engine, targets);
  for (const { service, action, because } of changes) {
    const node = engine.byName.get(service);
    if (node === undefined) continue;
    if (action === "start") fresh.push(node);
    else if (action === "stop") stopForApply(engine, node, because, targets);
    else if (action === "restart") restartForApply(engine, node, because, targets);
    else if (because !== "") note(engine, node, "apply-kept", because);
  }
  for (const node of enabledWithoutConflict(engine, fresh))
    startForApply(engine, node, changed.has(node.unit.name), targets);
  wantFromStart(
    engine,
    engine.nodes.filter(({ unit, plan }) => unit.listens && !isLazy(plan)),
    "apply-new",
  );
  wantNewNeeds(engine, before);
  renewRuns(engine, before);
  const { gate } = event;
  if (gate !== undefined)
    beginTransaction(engine, { ...event, gate }, targets, { plan: planBefore, wanted: up, listening });
  else if (event.request !== null) openApply(engine, event.request, targets, event.timeoutMs);
}

/** All that is of a plan, put in place of what was; what runs goes on. */
export function replacePlan(engine: Engine, to: Plan): { before: Map<string, Node>; changed: Set<string> } {
  const { state } = engine;
  const before = new Map(engine.nodes.map((node) => [node.unit.name, node]));
  const changed = new Set<string>();
  const services = new Map(to.services.map((service) => [service.name, service]));
  for (const [name, { unit, plan }] of before) {
    const service = services.get(name);
    if (service !== undefined && !needsNewProcess(plan, service, to.limitsPlace)) continue;
    changed.add(name);
    if (unit.run !== null) unit.oldPlan ??= plan;
  }
  for (const [name, { unit }] of before)
    if (unit.run === null && !services.has(name)) cancelTimer(engine, unit.schedule?.timer ?? 0);
  state.units = unitsFor(to, before, engine.now.bootMs);
  state.plan = to;
  makeTables(engine);
  fitSchedules(engine, new Map([...before].map(([name, { plan }]) => [name, plan.schedule])));
  return { before, changed };
}

/** What goes on by a definition that says other limits or another health from now on. */
export function renewRuns(engine: Engine, before: Map<string, Node>): void {
  for (const [name, { unit, plan }] of before) {
    if (unit.run === null) continue;
    const node = engine.byName.get(name) as Node;
    renewLimits(engine, node, unit.run, plan);
    renewHealth(engine, node, unit.run, plan);
  }
  for (const node of engine.nodes) touch(engine, node);
  forgetLostTargets(engine);
}

/** Of services that are wanted and conflict by the new plan, the first one in it stays. */
function stopNewConflicts(engine: Engine, targets: Target[]): void {
  const wanted = engine.nodes.filter(({ unit }) => unit.wanted === "up");
  const kept = new Set<Node>();
  for (const node of wanted) {
    const other = node.conflicts.find((conflict) => kept.has(conflict));
    if (other === undefined) {
      kept.add(node);
      continue;
    }
    targets.push(targetOf(node, "down", node.unit.run === null ? "not running" : ""));
    wantDown(engine, node, "conflict", `conflicts with ${other.unit.name}`, 0);
  }
}

/** What the running plan says about units that are not removed already. */
function definitions(engine: Engine): ServicePlan[] {
  return engine.nodes.filter((node) => !node.unit.removed).map((node) => node.plan);
}

/** In the order of the plan; what is to be removed and still runs stands behind it. */
function unitsFor(plan: Plan, before: Map<string, Node>, bootMs: number): Unit[] {
  const units = plan.services.map(({ name }) => {
    const unit = before.get(name)?.unit ?? newUnit(name, bootMs);
    unit.removed = false;
    return unit;
  });
  const names = new Set(plan.services.map(({ name }) => name));
  for (const [name, { unit }] of before) {
    if (names.has(name) || unit.run === null) continue;
    unit.removed = true;
    units.push(unit);
  }
  return units;
}

export function startForApply(engine: Engine, node: Node, isChanged: boolean, targets: Target[]): void {
  if (isChanged && node.unit.state !== "stopped") {
    // It was started while it was not enabled, by a definition that is not the new one.
    wantFromStart(engine, [node], "apply-new");
    restartForApply(engine, node, "enabled now, and changed", targets);
    return;
  }
  targets.push(targetOf(node, "up", isUp(node.unit) ? "already running" : ""));
  // wantUp() notes it of what is not wanted yet.
  if (node.unit.wanted === "up" || isLazy(node.plan)) note(engine, node, "apply-new", "");
  wantFromStart(engine, [node], "apply-new");
}

export function stopForApply(engine: Engine, node: Node, because: string, targets: Target[]): void {
  const { unit } = node;
  targets.push(targetOf(node, unit.removed ? "gone" : "down", unit.run === null ? "not running" : ""));
  wantDown(engine, node, unit.removed ? "removed" : "apply", because, 0);
}

export function restartForApply(engine: Engine, node: Node, because: string, targets: Target[]): void {
  const { unit } = node;
  note(engine, node, "apply-changed", because);
  if (unit.wanted === "down") return;
  targets.push(targetOf(node, "restart", ""));
  forgetFailures(engine, node);
  if (unit.run !== null) wishStop(engine, node, "apply");
  else {
    cancelBackoff(engine, node);
    if (unit.state !== "waiting") enterWaiting(engine, node, "restart-now", because);
  }
}

/** What a unit that goes on needs by the new plan only is wanted as well; what was stopped since it started stays so. */
function wantNewNeeds(engine: Engine, before: Map<string, Node>): void {
  for (const { unit, plan } of engine.nodes) {
    const known = before.get(unit.name)?.plan.dependsOn;
    if (unit.wanted === "down" || known === undefined) continue;
    const names = plan.dependsOn.map(({ name }) => name).filter((name) => !known.some((need) => need.name === name));
    const nodes = names.map((name) => engine.byName.get(name) as Node);
    const because = `needed by ${unit.name}`;
    wantUp(engine, nodes, { because, rule: "wanted-by-dependent", byHand: false, request: 0 });
  }
}

function targetOf(node: Node, goal: Target["goal"], did: string): Target {
  return {
    name: node.unit.name,
    goal,
    outcome: "",
    did,
    reason: "",
    from: node.unit.run?.start ?? 0,
    begun: false,
    exitCode: -1,
  };
}

/** Requests that waited for units that had no run and are gone now. */
function forgetLostTargets(engine: Engine): void {
  for (const request of [...engine.state.requests]) {
    for (const target of request.targets) {
      if (target.outcome === "" && !engine.byName.has(target.name)) endTargetOfRemoved(target, () => request.open--);
    }
    answerIfSettled(engine, request);
  }
}

function endTargetOfRemoved(target: Target, count: () => void): void {
  const isMet = target.goal === "gone" || target.goal === "down" || target.goal === "stopped";
  target.outcome = isMet ? "done" : "failed";
  target.did = "removed";
  if (!isMet) target.reason = "is no longer in the configuration";
  count();
}

/** The last run of a removed unit has ended: it is forgotten. */
export function dropUnit(engine: Engine, node: Node): void {
  const { unit } = node;
  setState(engine, node, "stopped", "apply-removed", "forgotten");
  engine.byName.delete(unit.name);
  forgetNeedsOf(node);
  engine.nodes.splice(engine.nodes.indexOf(node), 1);
  engine.state.units.splice(engine.state.units.indexOf(unit), 1);
  const { waiters } = node;
  node.waiters = none;
  for (const { request, target } of waiters) {
    endTargetOfRemoved(target, () => request.open--);
    answerIfSettled(engine, request);
  }
}
