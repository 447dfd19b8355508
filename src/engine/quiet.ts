/**
 * Bounds what one unit may write into gonit's own log. The first starts after one another are told in full; then, when
 * they come faster than one a second, only one a second is, with the number of those that were not.
 */

import { type Engine, log, type Node } from "./engine.ts";

const loudIntervalMs = 1000;
const burstMax = 5;
/** After this long without a start the next ones are told in full again. */
const calmMs = 10_000;

/** Decides for the run that begins whether its lines are logged. */
export function beginQuietOrLoud(engine: Engine, node: Node): void {
  const { quiet, name } = node.unit;
  const nowMs = engine.now.monotonicMs;
  const since = nowMs - quiet.loudMs;
  if (since >= calmMs) quiet.burst = 0;
  if (since < loudIntervalMs && quiet.burst >= burstMax) {
    quiet.now = true;
    quiet.hushed++;
    return;
  }
  quiet.now = false;
  quiet.burst++;
  quiet.loudMs = nowMs;
  tellHushed(engine, node, name);
}

/** Makes up for what was not logged, as one line. */
export function tellHushed(engine: Engine, node: Node, service: string): void {
  const { quiet } = node.unit;
  if (quiet.hushed === 0) return;
  log(engine, "warn", "Service restarted, lines left out", { count: quiet.hushed, service });
  quiet.hushed = 0;
}
