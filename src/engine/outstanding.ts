/**
 * What a new manager has to perform again: everything that the state waits for an answer to. All of it may be performed
 * a second time without harm; signals are not repeated (each was stored before it was sent).
 */

import { Clock, ProcessKind } from "../contract.ts";
import { isOfLife } from "./aux.ts";
import type { Effect } from "./effect.ts";
import { definitionOf, engineOf, type Node } from "./engine.ts";
import { healthProbe } from "./health.ts";
import { findMain } from "./main-process.ts";
import type { CommandPlan, HealthPlan, SchedulePlan, ServicePlan } from "./plan.ts";
import { reloadSignal } from "./reload.ts";
import { clockOf } from "./schedule.ts";
import { spawnOfAux, spawnOfMain } from "./spawn-effect.ts";
import type { Aux, Run, State } from "./state.ts";
import { isEnding } from "./unit.ts";
import { scopeOf } from "./words.ts";

/** Effects of an unfinished turn that outstanding() repeats; all others have to be performed as they stand there. */
export function isOutstandingKind({ kind }: Effect): boolean {
  return outstandingKinds.includes(kind);
}

const outstandingKinds: Effect["kind"][] = [
  "spawn",
  "arm-timer",
  "start-probe",
  "watch-log",
  "find-main",
  "signal-handler",
  "await-tree",
  "kill-tree",
];

export function outstanding(state: State): Effect[] {
  const effects: Effect[] = [];
  const { shutdown } = state;
  if (shutdown?.finished === true) {
    return [{ kind: "finish-shutdown", mode: shutdown.mode, exitCode: shutdown.exitCode, graceMs: shutdown.graceMs }];
  }
  for (const node of engineOf(state).nodes) {
    const { backoff, backoffAtMs, run, schedule } = node.unit;
    if (backoff !== 0) effects.push(timer(backoff, backoffAtMs));
    if (schedule !== null && schedule.timer !== 0)
      effects.push(timer(schedule.timer, schedule.atMs, clockOf(node.plan.schedule as SchedulePlan)));
    if (run !== null) ofRun(effects, node, run);
  }
  for (const { timer: ticket, timerAtMs } of state.requests) if (ticket !== 0) effects.push(timer(ticket, timerAtMs));
  if (state.transaction !== null) {
    const { limit, limitAtMs, hold, holdAtMs } = state.transaction;
    if (limit !== 0) effects.push(timer(limit, limitAtMs));
    if (hold !== 0) effects.push(timer(hold, holdAtMs));
  }
  if (shutdown !== null) effects.push(timer(shutdown.timer, shutdown.deadlineMs));
  return effects;
}

function timer(ticket: number, atMs: number, clock: number = Clock.monotonic): Effect {
  return { kind: "arm-timer", ticket, clock, atMs };
}

function ofRun(effects: Effect[], node: Node, run: Run): void {
  const plan = definitionOf(node);
  if (run.timer !== 0) effects.push(timer(run.timer, run.timerAtMs));
  if (run.runTimer !== 0) effects.push(timer(run.runTimer, run.runTimerAtMs));
  if (run.main === "spawning")
    effects.push(isEnding(run) ? { kind: "cancel-spawn", ticket: run.start } : spawnOfMain(node, run));
  for (const aux of run.aux) if (aux.pid === 0) effects.push(ofSpawningAux(node, run, aux, plan));
  if (run.probe !== 0) effects.push(probeOf(node, run, plan));
  if (run.naming !== 0) effects.push(findMain(node, run));
  if (run.reload !== null) effects.push(reloadSignal(node, run, run.reload));
  if (run.health !== 0) effects.push(healthProbe(node, run, plan.health as HealthPlan));
  if (run.watchdog !== 0) effects.push(timer(run.watchdog, run.watchdogAtMs));
  if (run.tree === 0) return;
  const ids = { ticket: run.tree, startTicket: run.start, instance: node.id };
  effects.push(
    run.treeUse === "kill"
      ? { kind: "kill-tree", ...ids, scope: scopeOf(plan.stop.kill) }
      : { kind: "await-tree", ...ids },
  );
}

function ofSpawningAux(node: Node, run: Run, aux: Aux, plan: ServicePlan): Effect {
  const command = commandOf(run, aux, plan);
  const isCancelled = command === null || run.phase === "killing" || (isEnding(run) && isOfLife(aux));
  return isCancelled ? { kind: "cancel-spawn", ticket: aux.ticket } : spawnOfAux(node, run, aux, command);
}

function commandOf(run: Run, aux: Aux, plan: ServicePlan): CommandPlan | null {
  switch (aux.kind) {
    case ProcessKind.preStart:
      return plan.preStart[run.commandAt] ?? null;
    case ProcessKind.postStop:
      return plan.postStop[run.commandAt] ?? null;
    case ProcessKind.stop:
      return plan.stop.command;
    case ProcessKind.reload:
      return plan.reload.kind === "command" ? plan.reload.command : null;
    default:
      return null;
  }
}

function probeOf(node: Node, run: Run, plan: ServicePlan): Effect {
  const ids = { ticket: run.probe, startTicket: run.start, instance: node.id };
  const { ready } = plan;
  switch (ready.kind) {
    case "log":
      return { kind: "watch-log", ...ids, text: ready.text, regularExpression: ready.regularExpression };
    case "exec":
    case "http":
    case "tcp":
    case "unix":
    case "file":
      return { kind: "start-probe", ...ids, probe: ready, steadyMs: null };
    case "started":
    case "notify":
    case "exit":
    case "fd":
      throw new Error(`assert: a probe of ${node.unit.name}, which has none`);
  }
}
