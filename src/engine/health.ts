/**
 * Health: a question that is asked from the moment a run is ready until it ends. Without the key `health` a run is
 * healthy as soon as it is ready.
 */

import { isEqual } from "./diff.ts";
import type { Effect } from "./effect.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, touch } from "./engine.ts";
import type { HealthPlan, ServicePlan } from "./plan.ts";
import type { Run } from "./state.ts";
import { stopFailed } from "./stopping.ts";
import { isUp } from "./unit.ts";

/** The run is ready. */
export function beginHealth(engine: Engine, node: Node, run: Run): void {
  const { health } = definitionOf(node);
  run.healthy = health === null;
  if (health === null) return;
  run.health = newTicket(engine);
  engine.byTicket.set(run.health, node);
  engine.effects.push(healthProbe(node, run, health));
}

/** The order to ask, the same when it is given first and when a new manager gives it again. */
export function healthProbe(node: Node, run: Run, health: HealthPlan): Effect {
  return {
    kind: "start-probe",
    ticket: run.health,
    startTicket: run.start,
    instance: node.id,
    probe: health.probe,
    steadyMs: health.intervalMs,
  };
}

/** The run ends, or is asked otherwise from now on. */
export function endHealth(engine: Engine, run: Run): void {
  if (run.health === 0) return;
  engine.effects.push({ kind: "stop-probe", ticket: run.health });
  engine.byTicket.delete(run.health);
  run.health = 0;
}

/** Told when the answer was another one before, not each time. */
export function healthSucceeded(engine: Engine, node: Node, run: Run): void {
  run.healthFailures = 0;
  run.healthReason = "";
  if (run.healthy) return;
  run.healthy = true;
  note(engine, node, "healthy", "");
  log(engine, "info", "Service healthy", { service: node.unit.name });
  touch(engine, node);
}

export function healthFailed(engine: Engine, node: Node, run: Run, reason: string): void {
  const health = definitionOf(node).health as HealthPlan;
  run.healthReason = reason.slice(0, 200);
  if (run.healthy || run.healthFailures > 0) run.healthFailures++;
  else if (engine.now.monotonicMs >= firstYesAtMs(run, health)) run.healthFailures = health.failures;
  // Fewer do not count yet, of more it is known already.
  if (run.healthFailures !== health.failures) return;
  if (health.action === "restart") {
    stopFailed(engine, node, run, "unhealthy", `unhealthy: ${run.healthReason}`);
    return;
  }
  run.healthy = false;
  note(engine, node, "unhealthy", run.healthReason);
  log(engine, "warn", "Service unhealthy", { reason: run.healthReason, service: node.unit.name });
  touch(engine, node);
}

/**
 * When the first yes is due. Questions come quickly before it, so it is no number of them that counts, but the time that a
 * service with steady questions would have.
 */
export function firstYesAtMs(run: Run, { startPeriodMs, failures, intervalMs }: HealthPlan): number {
  return run.readyMs + startPeriodMs + failures * intervalMs;
}

/** A new plan may ask a run that goes on another question. What was known of it stays until that is answered. */
export function renewHealth(engine: Engine, node: Node, run: Run, from: ServicePlan): void {
  if (!isUp(node.unit) || isEqual(definitionOf(node).health, from.health)) return;
  const wasHealthy = run.healthy;
  endHealth(engine, run);
  run.healthFailures = 0;
  run.healthReason = "";
  beginHealth(engine, node, run);
  run.healthy ||= wasHealthy;
  touch(engine, node);
}

/** Its health answers badly. Before the first yes nothing is counted until it is too many at once. */
export function isUnhealthy(run: Run): boolean {
  return !run.healthy && run.healthFailures > 0;
}
