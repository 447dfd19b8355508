/**
 * Who waits for whom. Before a start, each need is `met`, `pending` (it can come by itself) or `blocked` (as things are
 * it will not come: it failed, was stopped, or is itself blocked). A blocked unit goes on waiting, says so, and starts
 * when the need is met after all.
 *
 * Nothing here looks at the whole graph: a unit that changed is queued, and its neighbours look at the one edge.
 */

import { type Edge, type Engine, type Node, note, setState, touch } from "./engine.ts";
import { beginRun } from "./start.ts";
import { awaitsItsTime, isLive, isScheduled, isStuck } from "./unit.ts";

export type Availability = "met" | "pending" | "blocked";

/** Whether what the edge asks for is there. */
export function availability(edge: Edge): Availability {
  return edge.kind === "after" ? orderAvailability(edge.to) : needAvailability(edge);
}

function needAvailability(edge: Edge): Availability {
  const { to } = edge;
  const { unit } = to;
  if (unit.stopWish !== "") return unit.wanted === "up" && isLive(unit) ? "pending" : "blocked";
  switch (unit.state) {
    case "ready":
    case "reloading":
      if (edge.wait === "healthy") return unit.run?.healthy ? "met" : "pending";
      return edge.wait === "done" ? "pending" : "met";
    case "starting":
      return edge.wait === "started" && unit.run?.main === "running" ? "met" : "pending";
    case "done":
      return countsWhenDone(edge) ? "met" : "blocked";
    case "failed":
    case "stopped":
      return "blocked";
    case "waiting":
      if (awaitsItsTime(unit)) return isScheduled(unit) ? "pending" : "blocked";
      return unit.blockedBy === "" ? "pending" : "blocked";
    case "backing-off":
      return isStuck(unit, to.plan) ? "blocked" : "pending";
    case "stopping":
      return isLive(unit) ? "pending" : "blocked";
  }
}

/** A task that is done stays reached; so does a service whose readiness is its end. A service that just ended is gone. */
function countsWhenDone({ wait, to }: Edge): boolean {
  return wait === "done" || to.plan.type === "task" || to.plan.ready.kind === "exit";
}

/** Order only: waits for what is on its way up, and for a task on its way through. */
function orderAvailability(to: Node): Availability {
  const { unit } = to;
  switch (unit.state) {
    case "waiting":
      return unit.blockedBy === "" && !awaitsItsTime(unit) ? "pending" : "met";
    case "starting":
      return "pending";
    case "ready":
    case "reloading":
      return to.plan.type === "task" ? "pending" : "met";
    case "stopping":
      return unit.wanted === "up" && isLive(unit) ? "pending" : "met";
    case "stopped":
    case "backing-off":
    case "failed":
    case "done":
      return "met";
  }
}

/** Starts a waiting unit when all that it waits for is there, else notes what blocks it. */
export function evaluate(engine: Engine, node: Node): void {
  const { unit } = node;
  if (unit.state !== "waiting" || awaitsItsTime(unit)) return;
  let blockedBy = "";
  let isPending = false;
  for (const edge of node.needs) {
    if (edge.old) continue;
    const found = availability(edge);
    if (found === "pending") isPending = true;
    else if (found === "blocked" && edge.required && blockedBy === "") blockedBy = edge.name;
  }
  if (blockedBy !== unit.blockedBy) setBlockedBy(engine, node, blockedBy);
  if (blockedBy !== "" || isPending) return;
  for (const other of node.conflicts) if (isLive(other.unit)) return;
  beginRun(engine, node);
}

/**
 * The same after a change at the far end of one edge, without a look at all the others: a block elsewhere is noticed
 * through its own edge.
 */
function evaluateEdge(engine: Engine, edge: Edge): void {
  const { from } = edge;
  if (from.unit.state !== "waiting" || awaitsItsTime(from.unit)) return;
  const isBlocked = edge.required && availability(edge) === "blocked";
  if (from.unit.blockedBy === "" && !isBlocked && !isFree(from)) return;
  evaluate(engine, from);
}

/** Whether nothing that the unit needs or comes after holds it back; remembers what did, so that the next look is short. */
function isFree(node: Node): boolean {
  const { needs } = node;
  const count = needs.length;
  for (let step = 0; step < count; step++) {
    const at = (node.needsAt + step) % count;
    const edge = needs[at] as Edge;
    if (edge.old) continue;
    const found = availability(edge);
    if (found === "met" || (found === "blocked" && !edge.required)) continue;
    node.needsAt = at;
    return false;
  }
  return true;
}

function setBlockedBy(engine: Engine, node: Node, blockedBy: string): void {
  node.unit.blockedBy = blockedBy;
  note(
    engine,
    node,
    blockedBy === "" ? "waits-for-need" : "blocked",
    blockedBy === "" ? "" : `blocked by ${blockedBy}`,
  );
  touch(engine, node);
}

type WaitingRule =
  | "waits-for-need"
  | "restart-now"
  | "next-run"
  | "scheduled"
  | "schedule-due"
  | "schedule-missed"
  | "run-task";

/** A unit is wanted and has no run: it waits until it may start. */
export function enterWaiting(engine: Engine, node: Node, rule: WaitingRule, effect: string): void {
  setState(engine, node, "waiting", rule, effect);
}

/** After a change of `node`: whoever waits for it looks again. */
export function wakeWaiting(engine: Engine, node: Node): void {
  evaluate(engine, node);
  for (let at = 0; at < node.neededBy.length; at++) evaluateEdge(engine, node.neededBy[at] as Edge);
  for (const other of node.conflicts) evaluate(engine, other);
}

/**
 * Whether the loss of its far end stops this edge's unit. A need for `done`, or for a task in whatever way, is a
 * milestone: once reached it stays reached.
 */
export function isBinding(edge: Edge): boolean {
  return edge.required && edge.restart && edge.wait !== "done" && edge.to.plan.type !== "task" && isOfRun(edge);
}

/** Whether an edge belongs to what the unit's run was started with. */
export function isOfRun(edge: Edge): boolean {
  return edge.old === (edge.from.unit.oldPlan !== null);
}

/** Whether a run stands in the way of its need's stop. In a shutdown every order counts. */
export function holdsStop(engine: Engine, edge: Edge): boolean {
  const { unit } = edge.from;
  if (!isLive(unit) || !isOfRun(edge)) return false;
  return engine.state.shutdown !== null || isBinding(edge);
}

/** Whether something that needs this unit still runs; remembers where, so that the next look is short. */
export function isHeld(engine: Engine, node: Node): boolean {
  const { neededBy } = node;
  const count = neededBy.length;
  for (let step = 0; step < count; step++) {
    const at = (node.neededByAt + step) % count;
    if (!holdsStop(engine, neededBy[at] as Edge)) continue;
    node.neededByAt = at;
    return true;
  }
  return false;
}
