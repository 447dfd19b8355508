/** The timers of a unit. At most one of the start limit and the stop limit is armed; beside it the run limit. */

import { armTimer, cancelTimer, definitionOf, type Engine, type Node } from "./engine.ts";
import type { ServicePlan } from "./plan.ts";
import type { Run } from "./state.ts";
import { isEnding } from "./unit.ts";

/** Arms the run's one timer, in place of what was armed. */
export function armUnitTimer(engine: Engine, node: Node, run: Run, use: "start" | "stop", atMs: number): void {
  cancelTimer(engine, run.timer);
  run.timer = armTimer(engine, node, atMs);
  run.timerUse = use;
  run.timerAtMs = atMs;
}

export function cancelUnitTimer(engine: Engine, run: Run): void {
  cancelTimer(engine, run.timer);
  clearUnitTimer(run);
}

/** The timer fired, or was cancelled: nothing is armed. */
export function clearUnitTimer(run: Run): void {
  run.timer = 0;
  run.timerUse = "";
  run.timerAtMs = 0;
}

/** The limit of a whole run, counted from exec. */
export function armRunTimer(engine: Engine, node: Node, run: Run): void {
  const limitMs = definitionOf(node).runTimeoutMs;
  if (limitMs === null) return;
  run.runTimerAtMs = run.execMs + limitMs;
  run.runTimer = armTimer(engine, node, run.runTimerAtMs);
}

/** The limit of the whole run is not over before this much time from now. */
export function extendRun(engine: Engine, node: Node, run: Run, byMs: number): void {
  const atMs = engine.now.monotonicMs + byMs;
  if (run.runTimer === 0 || atMs <= run.runTimerAtMs) return;
  cancelTimer(engine, run.runTimer);
  run.runTimerAtMs = atMs;
  run.runTimer = armTimer(engine, node, atMs);
}

export function cancelRunTimer(engine: Engine, run: Run): void {
  cancelTimer(engine, run.runTimer);
  run.runTimer = 0;
  run.runTimerAtMs = 0;
}

/** A new plan may give a run that goes on other limits than `from`: they count from where the old ones did. */
export function renewLimits(engine: Engine, node: Node, run: Run, from: ServicePlan): void {
  const { startTimeoutMs, runTimeoutMs } = definitionOf(node);
  if (run.timerUse === "start" && startTimeoutMs !== from.startTimeoutMs)
    armUnitTimer(engine, node, run, "start", run.beganMs + startTimeoutMs);
  if (run.execMs === -1 || isEnding(run) || runTimeoutMs === from.runTimeoutMs) return;
  cancelRunTimer(engine, run);
  armRunTimer(engine, node, run);
}
