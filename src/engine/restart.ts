/** The restart policy: what follows when a run ended by itself. Pure arithmetic; settle.ts carries it out. */

import { withItem } from "./lists.ts";
import { startErrorClass } from "./permanent.ts";
import type { RestartPlan, ServicePlan } from "./plan.ts";
import type { End, Unit } from "./state.ts";
import { durationText, endText } from "./words.ts";

/** A start that failed is never tried again faster than this, whatever the configuration says. */
const failedStartDelayMsMin = 100;

export type Verdict =
  | { kind: "restart"; rule: "restart-delay" | "no-room"; delayMs: number }
  | { kind: "next-run" }
  | { kind: "done" }
  | { kind: "failed"; rule: "policy-no-restart" | "permanent-error" | "restart-limit"; reason: string };

export interface Circumstances {
  nowMs: number;
  /** 0 to 1. */
  chance: number;
  /** How long the run was ready; -1: never. */
  readyForMs: number;
}

export function isSuccess(end: End, restart: RestartPlan): boolean {
  return end.cause === "exited" && end.wasReady && isSuccessCode(end.code, restart);
}

/** null, for what was ended by a signal or in an unknown way, is none. */
export function isSuccessCode(code: number | null, { success }: RestartPlan): boolean {
  return success.includes(code ?? -1);
}

/** Decides, and counts the end in the unit. */
export function judgeEnd(plan: ServicePlan, unit: Unit, end: End, now: Circumstances): Verdict {
  const { restart } = plan;
  if (now.readyForMs >= restart.resetAfterMs) clearFailures(unit);
  if (isSuccess(end, restart)) {
    if (plan.type === "task") {
      unit.runsDone++;
      clearFailures(unit);
      return unit.runsDone < plan.runs ? { kind: "next-run" } : { kind: "done" };
    }
    if (restart.policy !== "always") return { kind: "done" };
    return tryAgain(restart, unit, end, now);
  }
  const startError = startErrorClass(end.stage, end.errno);
  if (startError === "permanent") return { kind: "failed", rule: "permanent-error", reason: endText(end) };
  if (startError === "no-room") {
    unit.refused++;
    const delayMs = delayOf(restart, unit.refused, now.chance);
    return { kind: "restart", rule: "no-room", delayMs: Math.max(delayMs, failedStartDelayMsMin) };
  }
  if (restart.policy === "no") return { kind: "failed", rule: "policy-no-restart", reason: endText(end) };
  return tryAgain(restart, unit, end, now);
}

function tryAgain(restart: RestartPlan, unit: Unit, end: End, now: Circumstances): Verdict {
  unit.refused = 0;
  const { limit } = restart;
  if (limit !== null) {
    const since = now.nowMs - limit.windowMs;
    unit.restartTimes = unit.restartTimes.filter((atMs) => atMs > since);
    if (unit.restartTimes.length >= limit.count) {
      const times = limit.count === 1 ? "1 restart" : `${limit.count} restarts`;
      const reason = `gave up after ${times} in ${durationText(limit.windowMs)}: ${endText(end)}`;
      return { kind: "failed", rule: "restart-limit", reason };
    }
    unit.restartTimes = withItem(unit.restartTimes, now.nowMs);
  }
  unit.failures++;
  const delayMs = delayOf(restart, unit.failures, now.chance);
  const isFailedStart = now.readyForMs < 0;
  return {
    kind: "restart",
    rule: "restart-delay",
    delayMs: isFailedStart ? Math.max(delayMs, failedStartDelayMsMin) : delayMs,
  };
}

/** delay × factor for each failure before, bounded, then spread by chance: never above the bound plus its jitter. */
export function delayOf(restart: RestartPlan, failures: number, chance: number): number {
  // A bounded exponent: beyond it the product is far above any bound, and must not become infinite.
  const grown = restart.delayMs * restart.factor ** Math.min(failures - 1, 100);
  const bounded = Math.min(grown, restart.delayMsMax);
  return Math.max(0, Math.round(bounded * (1 + restart.jitter * (2 * chance - 1))));
}

export function clearFailures(unit: Unit): void {
  unit.failures = 0;
  unit.refused = 0;
}
