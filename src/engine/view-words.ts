/** A unit's state as people read it, and the reason for it. */

import { definitionOf, type Engine, type Node } from "./engine.ts";
import { isUnhealthy } from "./health.ts";
import { availability } from "./ordering.ts";
import type { ServicePlan } from "./plan.ts";
import type { End, Run, StopCause, Unit } from "./state.ts";
import { awaitsItsTime, declaresReadiness, isUp } from "./unit.ts";
import { causeText, endText } from "./words.ts";

/** `running`, `ready`, `ready (unhealthy)`, `failed: exited 3` … */
export function shownState(unit: Unit, plan: ServicePlan): string {
  const shown = shownWithoutHealth(unit, plan);
  return isUp(unit) && isUnhealthy(unit.run as Run) ? `${shown} (unhealthy)` : shown;
}

function shownWithoutHealth(unit: Unit, plan: ServicePlan): string {
  if (unit.state === "failed") return `failed: ${unit.failedBecause}`;
  if (unit.listens) return "listening";
  if (unit.state === "ready" && plan.type !== "group" && !declaresReadiness(plan)) return "running";
  if (unit.state === "starting" && plan.type === "task" && (unit.run as Run).main === "running") return "running";
  if (unit.blockedBy !== "") return "blocked";
  if (awaitsItsTime(unit)) return "scheduled";
  return unit.state;
}

/** Why a unit is not there, or not for long: in brackets behind its name when others are blocked by it. */
export function stateReason(node: Node): string {
  const { unit } = node;
  switch (unit.state) {
    case "failed":
      return unit.failedBecause;
    case "stopped":
      return `stopped: ${unit.wantedBecause === "" ? "never wanted" : unit.wantedBecause}`;
    case "waiting":
      return "its time has passed";
    case "done":
    case "backing-off":
      return endText(unit.last as End);
    case "stopping":
      return (unit.run as Run).unkillable.length > 0 ? "cannot be killed" : "stopping";
    default:
      return `to be stopped: ${causeText(unit.stopWish as StopCause)}`;
  }
}

/** A reason with what had to be killed at the end of the last run. */
export function withKilled(reason: string, { last }: Unit): string {
  return [reason, last?.killed ?? ""].filter((text) => text !== "").join("; ");
}

/** What the health of a run that is up says against it; empty when nothing. */
export function healthText(node: Node): string {
  const run = node.unit.run as Run;
  const plan = definitionOf(node);
  if (run.healthReason === "" || plan.health === null) return "";
  if (isUnhealthy(run)) return `unhealthy: ${run.healthReason}`;
  if (!run.healthy) return `not healthy yet: ${run.healthReason}`;
  return `health ${run.healthFailures}/${plan.health.failures}: ${run.healthReason}`;
}

const chainMax = 16;

/** "blocked by app, which is blocked by db (exited 1)". */
export function blockedText(engine: Engine, node: Node): string {
  const parts: string[] = [];
  let at = node;
  for (let depth = 0; depth < chainMax && at.unit.blockedBy !== ""; depth++) {
    at = engine.byName.get(at.unit.blockedBy) as Node;
    const reason = at.unit.blockedBy === "" ? ` (${stateReason(at)})` : "";
    parts.push(`blocked by ${at.unit.name}${reason}`);
  }
  return parts.join(", which is ");
}

/** What a waiting unit waits for, in words. */
export function pendingNeeds(node: Node): string[] {
  const texts: string[] = [];
  for (const edge of node.needs) {
    if (edge.old || availability(edge) === "met" || (availability(edge) === "blocked" && !edge.required)) continue;
    const what = edge.kind === "after" ? "to be started first" : `to be ${edge.wait}`;
    texts.push(`${edge.name} ${what} (${shownState(edge.to.unit, edge.to.plan)})`);
  }
  for (const other of node.conflicts) {
    if (other.unit.run !== null) texts.push(`${other.unit.name} to end, which conflicts with it`);
  }
  return texts;
}
