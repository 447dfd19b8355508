/** A run is over and nothing of it is left: what becomes of the unit. */

import { chanceOf } from "./chance.ts";
import { critical } from "./critical.ts";
import { armTimer, cancelTimer, definitionOf, type Engine, log, type Node, note, setState, touch } from "./engine.ts";
import { listenAgain } from "./lazy.ts";
import { none } from "./lists.ts";
import { enterWaiting } from "./ordering.ts";
import { dropUnit } from "./plan-change.ts";
import { tellHushed } from "./quiet.ts";
import { clearFailures, judgeEnd, type Verdict } from "./restart.ts";
import { resumeRun, runIfDue } from "./schedule.ts";
import type { End, Run } from "./state.ts";
import { cancelRunTimer, cancelUnitTimer } from "./timers.ts";
import { noteLastLines } from "./transaction.ts";
import { isScheduled, isStopCause } from "./unit.ts";
import { durationText, endText, signalName } from "./words.ts";

export function settle(engine: Engine, node: Node, run: Run): void {
  const { unit } = node;
  const plan = definitionOf(node);
  const end = run.end as End;
  cancelUnitTimer(engine, run);
  cancelRunTimer(engine, run);
  engine.byTicket.delete(run.start);
  engine.byTicket.delete(run.daemon);
  // It ended by itself while a new start was on its way: that start comes, whatever the policy says.
  const startsAnew = unit.stopWish === "restart" || unit.stopWish === "apply";
  unit.run = null;
  unit.stopWish = "";
  unit.stopForce = false;
  end.killed = run.killed;
  if (plan.type !== "group") unit.last = end;
  noteLastLines(engine, node, end.lines);
  if (isStopCause(end.cause) || startsAnew || unit.wanted === "down" || unit.removed) {
    settleStopped(engine, node, end, plan.type === "group", startsAnew);
    unit.oldPlan = null;
    return;
  }
  unit.oldPlan = null;
  const readyForMs = run.readyMs < 0 ? -1 : engine.now.monotonicMs - run.readyMs;
  if (readyForMs >= node.plan.restart.resetAfterMs && unit.failures > 0)
    note(engine, node, "reset-failures", `${unit.failures} in a row before`);
  const verdict = judgeEnd(node.plan, unit, end, {
    nowMs: engine.now.monotonicMs,
    chance: chanceOf(engine),
    readyForMs,
  });
  carryOut(engine, node, end, verdict);
}

/** gonit stopped it, or nobody wants it any more. */
function settleStopped(engine: Engine, node: Node, end: End, isGroup: boolean, startsAnew: boolean): void {
  const { unit } = node;
  tellHushed(engine, node, unit.name);
  if (!isGroup && !unit.quiet.now) {
    const fields: Record<string, string | number> = { service: unit.name };
    if (end.signal !== null) fields.signal = signalName(end.signal);
    else if (end.code !== null) fields.code = end.code;
    log(engine, "info", "Stopped service", fields);
  }
  if (unit.removed) {
    setState(engine, node, "stopped", "apply-removed", "");
    dropUnit(engine, node);
  } else if (unit.wanted === "down" || engine.state.shutdown !== null)
    setState(engine, node, "stopped", "stopped", endText(end));
  else {
    // It is wanted, and goes on from its beginning.
    if (startsAnew || end.cause === "dependency") resumeRun(unit);
    enterWaiting(engine, node, "restart-now", endText(end));
  }
}

function carryOut(engine: Engine, node: Node, end: End, verdict: Verdict): void {
  const { unit } = node;
  if (verdict.kind === "failed") {
    becomeFailed(engine, node, end, verdict.rule, verdict.reason);
  } else if (verdict.kind === "done") {
    if (listenAgain(engine, node)) return;
    setState(engine, node, "done", "done", endText(end));
    // A task that comes again has not ended for good.
    if (!isScheduled(unit)) critical(engine, node, end);
    runIfDue(engine, node);
  } else if (engine.state.shutdown !== null) {
    setState(engine, node, "stopped", "shutdown", endText(end));
  } else if (verdict.kind === "next-run") {
    enterWaiting(engine, node, "next-run", `run ${unit.runsDone} of ${node.plan.runs} done`);
  } else {
    unit.restarts++;
    resumeRun(unit);
    if (!unit.quiet.now) {
      const fields: Record<string, string | number> = {
        attempt: unit.restarts,
        in: durationText(verdict.delayMs),
        service: unit.name,
      };
      if (end.cause !== "exited" || !end.wasReady) fields.reason = endText(end);
      log(engine, "warn", "Restarting service", fields);
    }
    backOff(engine, node, verdict.rule, verdict.delayMs, endText(end));
  }
}

function becomeFailed(
  engine: Engine,
  node: Node,
  end: End,
  rule: "policy-no-restart" | "permanent-error" | "restart-limit",
  reason: string,
): void {
  const { unit } = node;
  tellHushed(engine, node, unit.name);
  log(engine, "error", "Service failed", { reason, service: unit.name }, end.cause === "exited" ? [] : end.lines);
  unit.failedBecause = reason;
  setState(engine, node, "failed", rule, reason);
  critical(engine, node, end);
  runIfDue(engine, node);
}

function backOff(engine: Engine, node: Node, rule: "restart-delay" | "no-room", delayMs: number, reason: string): void {
  const { unit } = node;
  if (delayMs === 0) {
    note(engine, node, rule, reason);
    enterWaiting(engine, node, "waits-for-need", "restarted without delay");
    return;
  }
  unit.backoffAtMs = engine.now.monotonicMs + delayMs;
  unit.backoff = armTimer(engine, node, unit.backoffAtMs);
  setState(engine, node, "backing-off", rule, `${reason}; again in ${durationText(delayMs)}`);
}

/** The delay is over. */
export function backoffFired(engine: Engine, node: Node): void {
  clearBackoff(engine, node);
  enterWaiting(engine, node, "waits-for-need", "the delay is over");
}

export function cancelBackoff(engine: Engine, node: Node): void {
  cancelTimer(engine, node.unit.backoff);
  clearBackoff(engine, node);
}

function clearBackoff(engine: Engine, node: Node): void {
  engine.byTicket.delete(node.unit.backoff);
  node.unit.backoff = 0;
  node.unit.backoffAtMs = 0;
}

/** A start by hand begins to count anew. */
export function forgetFailures(engine: Engine, node: Node): void {
  const { unit } = node;
  clearFailures(unit);
  unit.restarts = 0;
  unit.restartTimes = none;
  if (unit.run === null) unit.runsDone = 0;
  touch(engine, node);
}
