/**
 * Stopping a run: the wish comes first and spreads to everything that needs the unit; the stop itself begins when
 * nothing that needs it runs any more. Then command or signal, the time limit, SIGKILL.
 */

import { ProcessKind, SignalScope } from "../contract.ts";
import { endAuxOfLife, signalAux, spawnAux } from "./aux.ts";
import { advance, endOf } from "./ending.ts";
import { definitionOf, type Edge, type Engine, log, type Node, newTicket, note, setState, touch } from "./engine.ts";
import { hastenLeftovers } from "./leftovers.ts";
import { namingText } from "./main-process.ts";
import { availability, isBinding, isHeld } from "./ordering.ts";
import { stopWatching } from "./readiness.ts";
import type { FaultCause, Run, StopCause } from "./state.ts";
import { armUnitTimer, cancelRunTimer, cancelUnitTimer } from "./timers.ts";
import { isEnding, isStopCause, mainTicket } from "./unit.ts";
import { causeText, durationText, scopeOf, signalName } from "./words.ts";

const SIGKILL = 9;

/** The unit's run is to stop, after those that need it; these are asked to stop as well. */
export function wishStop(engine: Engine, node: Node, cause: StopCause): void {
  const pending: { node: Node; cause: StopCause }[] = [{ node, cause }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { unit } = next.node;
    if (unit.run === null) continue;
    if (isEnding(unit.run)) {
      // Its end is on its way; what is remembered is that a new start was asked for.
      if (next.cause === "restart" || next.cause === "apply") unit.stopWish = next.cause;
      hastenLeftovers(engine, next.node, unit.run);
      continue;
    }
    const isNew = unit.stopWish === "";
    // A wish of the unit's own outweighs one that came through what it needs.
    if (outweighs(next.cause, unit.stopWish)) unit.stopWish = next.cause;
    if (!isNew) continue;
    if (isHeld(engine, next.node)) note(engine, next.node, "waits-for-dependents", `to be stopped: ${unit.stopWish}`);
    touch(engine, next.node);
    if (engine.state.shutdown !== null) continue;
    for (const edge of next.node.neededBy) {
      if (isBinding(edge)) pending.push({ node: edge.from, cause: "dependency" });
    }
  }
}

/** What is to be restarted stays so, even when a wish of another kind comes and is withdrawn again. */
function outweighs(cause: StopCause, wish: StopCause | ""): boolean {
  if (wish === "" || cause === "shutdown") return true;
  return cause !== "dependency" && wish !== "restart";
}

/** Begins a stop that is wished, if nothing that needs the unit runs any more. */
export function stopIfFree(engine: Engine, node: Node): void {
  const { unit } = node;
  const { run, stopWish } = unit;
  if (run === null || isEnding(run) || stopWish === "") return;
  if (isHeld(engine, node)) return;
  beginStop(engine, node, run, stopWish);
}

/**
 * A wish that has lost its reason. If the stop has not begun, the unit goes on, and so does what was to stop only because of
 * it; if it has, its end is on its way.
 */
export function withdrawStop(engine: Engine, node: Node): void {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { unit } = next;
    // What was started by a definition that the plan does not have any more is not to go on: it is started anew.
    unit.stopWish = unit.oldPlan === null ? "" : "apply";
    unit.stopForce = false;
    touch(engine, next);
    for (const edge of next.neededBy) {
      if (isBinding(edge) && edge.from.unit.stopWish === "dependency" && !needsAreGone(edge.from))
        pending.push(edge.from);
    }
  }
}

function needsAreGone(node: Node): boolean {
  return node.needs.some((edge: Edge) => isBinding(edge) && availability(edge) !== "met");
}

/** What lost something that it cannot be without is stopped. */
export function stopWithLostNeeds(engine: Engine, node: Node): void {
  node.wentAway = false;
  for (const edge of node.neededBy) {
    const { unit } = edge.from;
    if (unit.run === null || isEnding(unit.run) || !isBinding(edge)) continue;
    if (unit.stopWish === "") note(engine, edge.from, "dependency-lost", `lost ${node.unit.name}`);
    wishStop(engine, edge.from, "dependency");
  }
}

/** The stop of a run begins. */
export function beginStop(engine: Engine, node: Node, run: Run, cause: StopCause | FaultCause): void {
  const { unit } = node;
  const plan = definitionOf(node);
  run.ending = cause;
  const end = run.end ?? endOf(engine, node, cause);
  run.end = { ...end, cause };
  node.wentAway = true;
  cancelUnitTimer(engine, run);
  cancelRunTimer(engine, run);
  stopWatching(engine, run);
  run.phase = "stopping";
  setState(
    engine,
    node,
    "stopping",
    plan.stop.command === null ? "stop-signal" : "stop-command",
    isStopCause(cause) ? cause : end.detail || cause,
  );
  const isForced = unit.stopForce || engine.state.shutdown?.forced === true;
  if (plan.type !== "group") {
    if (engine.state.shutdown === null && !unit.quiet.now)
      log(engine, "info", "Stopping service", {
        service: unit.name,
        reason: unit.wanted === "down" ? unit.wantedBecause : causeText(cause),
      });
    if (!isForced) armUnitTimer(engine, node, run, "stop", engine.now.monotonicMs + plan.stop.timeoutMs);
  }
  if (isForced) {
    note(engine, node, "kill-forced", "");
    killRun(engine, node, run);
    return;
  }
  endAuxOfLife(engine, node, run);
  if (run.main === "spawning") engine.effects.push({ kind: "cancel-spawn", ticket: run.start });
  else if (run.main !== "none") {
    if (plan.stop.command === null) sendStopSignal(engine, node, run);
    else spawnAux(engine, node, run, ProcessKind.stop, plan.stop.command);
  }
  advance(engine, node, run);
}

/** Not ready within the start limit, which counts from the first pre_start. */
export function startTimeout(engine: Engine, node: Node, run: Run): void {
  const limit = durationText(definitionOf(node).startTimeoutMs);
  const naming = namingText(definitionOf(node), run);
  let detail = `not ready within ${limit}${naming === "" ? "" : `: it waits for ${naming}`}${run.probeReason === "" ? "" : ` (last probe: ${run.probeReason})`}`;
  if (run.main === "spawning") detail = `its program did not begin within ${limit}`;
  if (run.phase === "pre-start") detail = `pre_start not over within ${limit}`;
  stopFailed(engine, node, run, "start-timeout", detail);
}

export function runTimeout(engine: Engine, node: Node, run: Run): void {
  const limit = durationText(definitionOf(node).runTimeoutMs as number);
  stopFailed(engine, node, run, "run-timeout", `ran longer than ${limit}`);
}

/** A run that has to be stopped because of what is wrong with itself: that stays the reason of its end. */
export function stopFailed(engine: Engine, node: Node, run: Run, cause: FaultCause, detail: string): void {
  run.end = { ...endOf(engine, node, cause), detail };
  note(engine, node, cause, detail);
  beginStop(engine, node, run, cause);
}

/** To the main process; to what is left of its tree when it has forked and gone. */
export function sendStopSignal(engine: Engine, node: Node, run: Run): void {
  const { stop } = definitionOf(node);
  const isGone = run.main === "ended";
  const isKilled = run.phase === "killing";
  const signal = isKilled ? SIGKILL : stop.signal;
  engine.effects.push({
    kind: "signal",
    ticket: mainTicket(run),
    startTicket: run.start,
    instance: node.id,
    signal,
    scope: isGone ? scopeOf(stop.kill) : SignalScope.process,
  });
  note(engine, node, isKilled ? "kill" : "stop-signal", signalName(signal));
}

/** SIGKILL to everything of this run; answered by tree-emptied or tree-unkillable, so no timer is needed. */
export function killRun(engine: Engine, node: Node, run: Run): void {
  if (run.treeUse === "kill") return;
  const scope = scopeOf(definitionOf(node).stop.kill);
  cancelUnitTimer(engine, run);
  forgetTree(engine, run);
  run.phase = "killing";
  if (run.main === "spawning") engine.effects.push({ kind: "cancel-spawn", ticket: run.start });
  for (const aux of run.aux) {
    if (aux.pid === 0) engine.effects.push({ kind: "cancel-spawn", ticket: aux.ticket });
    else if (scope !== SignalScope.tree) signalAux(engine, node, run, aux, SIGKILL);
  }
  // What post_stop was to do still, it does no more: it has had its time, or there is none.
  if (run.post || node.unit.stopForce || engine.state.shutdown?.forced === true) {
    run.post = true;
    run.commandAt = definitionOf(node).postStop.length;
  }
  killTree(engine, node, run, scope);
}

/** Nobody waits for the run's tree any more. */
export function forgetTree(engine: Engine, run: Run): void {
  if (run.tree === 0) return;
  engine.effects.push({ kind: "forget-tree", ticket: run.tree });
  engine.byTicket.delete(run.tree);
  run.tree = 0;
  run.treeUse = "";
}

function killTree(engine: Engine, node: Node, run: Run, scope: number): void {
  run.tree = newTicket(engine);
  run.treeUse = "kill";
  engine.byTicket.set(run.tree, node);
  engine.effects.push({ kind: "kill-tree", ticket: run.tree, startTicket: run.start, instance: node.id, scope });
}

/**
 * A process that was being started when its run was killed runs after all, and the tree was found empty meanwhile: it is
 * killed anew. A mere signal would be lost with a manager that dies before it is sent, and nothing else would end it.
 */
export function isKilledLate(run: Run): boolean {
  return run.phase === "killing" && run.tree === 0;
}

export function killLate(engine: Engine, node: Node, run: Run): void {
  note(engine, node, "kill", "it was started too late to be taken back");
  killTree(engine, node, run, scopeOf(definitionOf(node).stop.kill));
}

/** A stop that is under way, or any run, is ended at once. */
export function forceStop(engine: Engine, node: Node, run: Run): void {
  if (run.treeUse === "kill") return;
  node.unit.stopForce = true;
  if (!isEnding(run)) return;
  note(engine, node, "kill-forced", "");
  killRun(engine, node, run);
}
