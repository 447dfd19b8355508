/**
 * The engine: one function from a state and what happened to the next state and what is to be done. No clock, no chance,
 * no input or output. It owns the state that it is given and may change it in place; the list of effects is valid until
 * the next step.
 */

import { Role, ShutdownMode } from "../contract.ts";
import { processesAdopted } from "./adoption.ts";
import { auxExited, auxFailed, auxStarted } from "./aux.ts";
import type { Effect } from "./effect.ts";
import { mainExited, treeEmptied, treeUnkillable } from "./ending.ts";
import { type Engine, engineOf, forgetOldNeeds, type Node } from "./engine.ts";
import type { Event, StepInput } from "./event.ts";
import { healthFailed, healthSucceeded } from "./health.ts";
import { TICKETS_PER_LIFE } from "./instance.ts";
import { socketConnected } from "./lazy.ts";
import { stopTimeout, treeRemains } from "./leftovers.ts";
import { mainRefused } from "./main-process.ts";
import { wakeWaiting } from "./ordering.ts";
import { loadPlan } from "./plan-change.ts";
import { namedMain, notified, probeSucceeded, readyClosed, readyLine } from "./readiness.ts";
import { reloadAnswered } from "./reload.ts";
import { cancelRequest, checkRequests, requestTimedOut } from "./request-end.ts";
import { receiveRequest, receiveSignal } from "./requests.ts";
import { clockStepped, scheduleFired } from "./schedule.ts";
import { backoffFired } from "./settle.ts";
import { endIfIdle, finishIfDown, shutdownTimerFired } from "./shutdown.ts";
import { mainFailed, mainStarted } from "./start.ts";
import type { Aux, Run, State } from "./state.ts";
import { runTimeout, startTimeout, stopIfFree, stopWithLostNeeds } from "./stopping.ts";
import { clearUnitTimer } from "./timers.ts";
import { settleTransaction, transactionTimerFired } from "./transaction-end.ts";
import { watchdogFired } from "./watchdog.ts";
import { watchedChanged } from "./watched.ts";

export interface StepResult {
  state: State;
  effects: Effect[];
}

export function step(state: State, input: StepInput): StepResult {
  const engine = engineOf(state);
  const { effects } = engine;
  effects.length = 0;
  engine.now = input.now;
  engine.random = input.random;
  for (const event of input.events) {
    engine.event = event.kind;
    handle(engine, event);
    drain(engine);
    while (settleTransaction(engine)) drain(engine);
  }
  const role = state.plan?.role ?? Role.vm;
  endIfIdle(engine, role !== Role.vm, ShutdownMode.exit);
  drain(engine);
  finishIfDown(engine);
  return { state, effects };
}

/**
 * Every change is looked at by its neighbours until nothing changes any more, and only then by its requests: what is
 * still marked as blocked may be free when its turn comes.
 */
function drain(engine: Engine): void {
  const { queue } = engine;
  for (let at = 0, judged = 0; judged < queue.length; judged++) {
    for (; at < queue.length; at++) lookAround(engine, queue[at] as Node);
    checkRequests(engine, queue[judged] as Node);
  }
  queue.length = 0;
}

function lookAround(engine: Engine, node: Node): void {
  node.queued = false;
  if (node.wentAway) stopWithLostNeeds(engine, node);
  stopIfFree(engine, node);
  // Before it may start again: its run has ended, and what that run needed may stop now.
  for (const { to } of node.needs) stopIfFree(engine, to);
  forgetOldNeeds(node);
  wakeWaiting(engine, node);
}

function handle(engine: Engine, event: Event): void {
  const { state } = engine;
  switch (event.kind) {
    case "manager-started":
      state.life = event.life;
      state.nextTicket = Math.max(state.nextTicket, event.life * TICKETS_PER_LIFE + 1);
      // The clock may have been set while no manager looked.
      clockStepped(engine);
      return;
    case "processes-adopted":
      processesAdopted(engine, event.processes);
      return;
    case "plan-loaded":
      loadPlan(engine, event);
      return;
    case "timer-fired":
      timerFired(engine, event.ticket);
      return;
    case "clock-stepped":
      clockStepped(engine);
      return;
    case "request-received":
      receiveRequest(engine, event);
      return;
    case "request-cancelled":
      cancelRequest(engine, event.id);
      return;
    case "watched-changed":
      watchedChanged(engine, event);
      return;
    case "socket-connected":
      socketConnected(engine, event);
      return;
    case "signal-received":
      receiveSignal(engine, event);
      return;
    case "event-set-aside":
      state.setAside.push({ eventKind: event.eventKind, reason: event.reason, wallMs: engine.now.wallMs });
      if (state.setAside.length > 8) state.setAside.shift();
      return;
    default:
      handleOfRun(engine, event);
  }
}

type RunEvent = Extract<Event, { ticket: number }>;

/** Answers for a run; one whose ticket is not open any more comes too late and means nothing. */
function handleOfRun(engine: Engine, event: Exclude<RunEvent, { kind: "timer-fired" }>): void {
  const node = engine.byTicket.get(event.ticket);
  if (node === undefined || node.unit.run === null) return;
  const run = node.unit.run;
  const isMain = event.ticket === run.start;
  switch (event.kind) {
    case "spawn-succeeded":
      if (!isMain) withAux(run, event.ticket, (aux) => auxStarted(engine, node, run, aux, event.pid));
      else if (run.main === "spawning") mainStarted(engine, node, run, event);
      return;
    case "spawn-failed":
      if (!isMain) withAux(run, event.ticket, (aux) => auxFailed(engine, node, run, aux, event));
      else if (run.main === "spawning") mainFailed(engine, node, run, event);
      return;
    case "process-exited":
      if (!isMain && event.ticket !== run.daemon)
        withAux(run, event.ticket, (aux) => auxExited(engine, node, run, aux, event));
      else if (run.main === "running" || run.main === "spawning") mainExited(engine, node, run, event);
      return;
    case "main-named":
      if (event.ticket === run.naming) namedMain(engine, node, run, event);
      return;
    case "main-refused":
      if (event.ticket === run.naming) mainRefused(engine, node, run, event);
      return;
    case "signal-sent":
    case "signal-unhandled":
      if (event.ticket === run.reload?.ticket) reloadAnswered(engine, node, run, event.kind === "signal-sent");
      return;
    case "tree-emptied":
      if (event.ticket === run.tree) treeEmptied(engine, node, run);
      return;
    case "tree-remains":
      if (event.ticket === run.tree) treeRemains(engine, node, run, event.pids);
      return;
    case "tree-unkillable":
      if (event.ticket === run.tree) treeUnkillable(engine, node, run, event.pids);
      return;
    case "probe-succeeded":
    case "log-matched":
      if (event.ticket === run.probe) probeSucceeded(engine, node, run);
      else if (event.ticket === run.health) healthSucceeded(engine, node, run);
      return;
    case "probe-failed":
      if (event.ticket === run.probe) run.probeReason = event.reason.slice(0, 200);
      else if (event.ticket === run.health) healthFailed(engine, node, run, event.reason);
      return;
    case "notify-received":
      notified(engine, node, run, event);
      return;
    case "ready-line":
      if (isMain) readyLine(engine, node, run);
      return;
    case "ready-closed":
      if (isMain) readyClosed(engine, node, run);
      return;
  }
}

function withAux(run: Run, ticket: number, act: (aux: Aux) => void): void {
  const aux = run.aux.find((one) => one.ticket === ticket);
  if (aux !== undefined) act(aux);
}

function timerFired(engine: Engine, ticket: number): void {
  const request = engine.requestTimers.get(ticket);
  if (request !== undefined) {
    requestTimedOut(engine, request);
    return;
  }
  const { shutdown } = engine.state;
  if (shutdown !== null && shutdown.timer === ticket) {
    shutdownTimerFired(engine, shutdown);
    return;
  }
  const node = engine.byTicket.get(ticket);
  if (node === undefined) transactionTimerFired(engine, ticket);
  else if (node.unit.backoff === ticket) backoffFired(engine, node);
  else if (node.unit.schedule?.timer === ticket) scheduleFired(engine, node);
  else timerOfRunFired(engine, node, node.unit.run as Run, ticket);
}

function timerOfRunFired(engine: Engine, node: Node, run: Run, ticket: number): void {
  if (ticket === run.runTimer) {
    engine.byTicket.delete(ticket);
    run.runTimer = 0;
    runTimeout(engine, node, run);
  } else if (ticket === run.watchdog) {
    engine.byTicket.delete(ticket);
    watchdogFired(engine, node, run);
  } else if (ticket === run.timer) {
    engine.byTicket.delete(ticket);
    const use = run.timerUse;
    clearUnitTimer(run);
    if (use === "start") startTimeout(engine, node, run);
    else stopTimeout(engine, node, run);
  }
}
