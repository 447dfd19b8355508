/** What is wanted of units: the only thing that requests change. The rest follows from it. */

import { type Engine, type Node, note, setState, touch } from "./engine.ts";
import { stopListening } from "./lazy.ts";
import { enterWaiting } from "./ordering.ts";
import type { SchedulePlan } from "./plan.ts";
import { replaceRequests } from "./request-end.ts";
import { clearFailures } from "./restart.ts";
import type { Rule } from "./rules.ts";
import { callRun, putOnSchedule, takeOffSchedule } from "./schedule.ts";
import { cancelBackoff, forgetFailures } from "./settle.ts";
import type { StopCause } from "./state.ts";
import { forceStop, wishStop, withdrawStop } from "./stopping.ts";
import { wantedMeanwhile } from "./transaction.ts";

export interface WantOptions {
  because: string;
  rule: Rule;
  /** By name, not as something that others need: failures are forgiven, a task that is done runs again. */
  byHand: boolean;
  /** The request that wants it, 0 for none. */
  request: number;
  /** A task that runs at its times runs now instead, once. */
  runNow?: true;
}

/** Wants units, and all that they depend on, up. */
export function wantUp(engine: Engine, nodes: readonly Node[], options: WantOptions): void {
  const seen = new Set<Node>(nodes);
  for (const node of nodes) wantOne(engine, node, options);
  const pending = [...nodes];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const edge of next.needs) {
      if (edge.kind === "after" || edge.old || seen.has(edge.to)) continue;
      seen.add(edge.to);
      pending.push(edge.to);
      const because = `needed by ${next.unit.name}`;
      wantOne(engine, edge.to, { because, rule: "wanted-by-dependent", byHand: false, request: options.request });
    }
  }
}

function wantOne(engine: Engine, node: Node, options: WantOptions): void {
  const { unit } = node;
  wantedMeanwhile(engine, unit.name, true, options.request);
  unit.listens = false;
  if (unit.wanted === "down") {
    unit.wanted = "up";
    unit.wantedBecause = options.because;
    note(engine, node, options.rule, options.because);
    touch(engine, node);
  }
  for (const other of node.conflicts) {
    if (other.unit.wanted === "up") wantDown(engine, other, "conflict", `conflicts with ${unit.name}`, options.request);
  }
  replaceRequests(engine, node, options.request);
  if (unit.stopWish === "request" || unit.stopWish === "conflict") withdrawStop(engine, node);
  if (options.byHand) {
    forgetFailures(engine, node);
    unit.wantedBecause = options.because;
    cancelBackoff(engine, node);
  }
  if (unit.schedule !== null && options.runNow) {
    callRun(engine, node, node.plan.schedule as SchedulePlan, "run-task", options.because);
    return;
  }
  putOnSchedule(engine, node);
  const startsFrom = options.byHand ? ["stopped", "failed", "done", "backing-off"] : ["stopped"];
  if (startsFrom.includes(unit.state))
    enterWaiting(engine, node, unit.schedule === null ? "waits-for-need" : "scheduled", options.because);
}

/** Wants a unit down. What needs it is stopped first, and waits for it to come back. */
export function wantDown(
  engine: Engine,
  node: Node,
  cause: StopCause,
  because: string,
  request: number,
  options: { force?: boolean } = {},
): void {
  const { unit } = node;
  wantedMeanwhile(engine, unit.name, false, request);
  unit.wanted = "down";
  unit.wantedBecause = because;
  stopListening(engine, node);
  // What comes back later, also because something needs it, does not go on with an old row of failures.
  clearFailures(unit);
  cancelBackoff(engine, node);
  takeOffSchedule(engine, node);
  if (request !== 0) replaceRequests(engine, node, request);
  if (unit.run === null) {
    if (unit.state !== "stopped") setState(engine, node, "stopped", ruleOf(cause), because);
    return;
  }
  note(engine, node, ruleOf(cause), because);
  wishStop(engine, node, cause);
  if (options.force) forceStop(engine, node, unit.run);
  touch(engine, node);
}

function ruleOf(cause: StopCause): Rule {
  if (cause === "conflict") return "unwanted-by-conflict";
  if (cause === "removed") return "apply-removed";
  return cause === "apply" ? "apply-disabled" : "unwanted-by-request";
}

/** Wants a unit up with a new run, be one there or not. */
export function wantRestart(engine: Engine, node: Node, request: number): void {
  wantUp(engine, [node], { because: "restart was asked for", rule: "wanted-by-request", byHand: true, request });
  if (node.unit.run === null) return;
  note(engine, node, "wanted-by-request", "restart");
  wishStop(engine, node, "restart");
}
