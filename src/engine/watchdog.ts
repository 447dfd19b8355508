/**
 * The watchdog: a service that is ready tells WATCHDOG=1 again and again, sd_notify(3); one that falls silent hangs, and
 * is stopped as failed.
 */

import { armTimer, cancelTimer, definitionOf, type Engine, type Node } from "./engine.ts";
import type { Event } from "./event.ts";
import type { Run } from "./state.ts";
import { stopFailed } from "./stopping.ts";
import { isUp } from "./unit.ts";
import { durationText } from "./words.ts";

/** The run is ready, has shown that it lives, or has another limit from now on. */
export function armWatchdog(engine: Engine, node: Node, run: Run): void {
  cancelWatchdog(engine, run);
  const limitMs = limitOf(node, run);
  if (limitMs === null) return;
  run.watchdogAtMs = engine.now.monotonicMs + limitMs;
  run.watchdog = armTimer(engine, node, run.watchdogAtMs);
}

/** null: it is not watched. */
function limitOf(node: Node, run: Run): number | null {
  const { watchdogMs } = definitionOf(node);
  return watchdogMs === null ? null : run.watchdogMs === 0 ? watchdogMs : run.watchdogMs;
}

export function cancelWatchdog(engine: Engine, run: Run): void {
  cancelTimer(engine, run.watchdog);
  clearWatchdog(run);
}

function clearWatchdog(run: Run): void {
  run.watchdog = 0;
  run.watchdogAtMs = 0;
}

type Notified = Extract<Event, { kind: "notify-received" }>;

/** What a message says to the watchdog. */
export function watchdogTold(engine: Engine, node: Node, run: Run, { watchdog, watchdogMs }: Notified): void {
  if (watchdogMs !== null) run.watchdogMs = watchdogMs;
  if (!isUp(node.unit) || run.watchdog === 0) return;
  if (watchdog === "trigger") stopFailed(engine, node, run, "watchdog", "it told WATCHDOG=trigger");
  else if (watchdog === "alive" || watchdogMs !== null) armWatchdog(engine, node, run);
}

export function watchdogFired(engine: Engine, node: Node, run: Run): void {
  const limit = durationText(limitOf(node, run) as number);
  clearWatchdog(run);
  stopFailed(engine, node, run, "watchdog", `no WATCHDOG=1 within ${limit}`);
}
