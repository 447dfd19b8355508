/** From "its program runs" to "it is ready", for each kind of readiness. */

import { definitionOf, type Engine, log, type Node, newTicket, note, setState, touch } from "./engine.ts";
import type { Event } from "./event.ts";
import { beginHealth, endHealth } from "./health.ts";
import { beginNaming, isNameMissing, mainNamed, mainPidTold, stopNaming } from "./main-process.ts";
import type { ReadyPlan } from "./plan.ts";
import { forgetReload } from "./reload.ts";
import type { Rule } from "./rules.ts";
import type { Run } from "./state.ts";
import { stopFailed } from "./stopping.ts";
import { armUnitTimer, cancelUnitTimer, extendRun } from "./timers.ts";
import { declaresReadiness, isUp } from "./unit.ts";
import { armWatchdog, cancelWatchdog, watchdogTold } from "./watchdog.ts";

/** The program runs: what is to be waited for now. */
export function watchReadiness(engine: Engine, node: Node, run: Run): void {
  const { ready } = definitionOf(node);
  beginNaming(engine, node, run);
  if (run.readySeen || ready.kind === "started") {
    signOfReadiness(engine, node, run, ruleOf(ready));
    return;
  }
  switch (ready.kind) {
    case "notify":
    case "fd":
    case "exit":
      // Its neighbours may wait for `started` only.
      touch(engine, node);
      return;
    case "log":
      run.probe = newProbe(engine, node);
      engine.effects.push({
        kind: "watch-log",
        ticket: run.probe,
        startTicket: run.start,
        instance: node.id,
        text: ready.text,
        regularExpression: ready.regularExpression,
      });
      touch(engine, node);
      return;
    case "exec":
    case "http":
    case "tcp":
    case "unix":
    case "file":
      run.probe = newProbe(engine, node);
      engine.effects.push({
        kind: "start-probe",
        ticket: run.probe,
        startTicket: run.start,
        instance: node.id,
        probe: ready,
        steadyMs: null,
      });
      touch(engine, node);
      return;
  }
}

/** By which rule a service becomes ready that has this readiness. */
function ruleOf({ kind }: ReadyPlan): Rule {
  switch (kind) {
    case "started":
    case "notify":
    case "exit":
    case "log":
      return `ready-${kind}`;
    case "fd":
      return "ready-line";
    default:
      return "ready-probe";
  }
}

function newProbe(engine: Engine, node: Node): number {
  const ticket = newTicket(engine);
  engine.byTicket.set(ticket, node);
  return ticket;
}

/** Ends the probe or log watch of a run, if there is one. */
export function stopProbe(engine: Engine, run: Run): void {
  if (run.probe === 0) return;
  engine.effects.push({ kind: "stop-probe", ticket: run.probe });
  forgetProbe(engine, run);
}

function forgetProbe(engine: Engine, run: Run): void {
  engine.byTicket.delete(run.probe);
  run.probe = 0;
}

export function becomeReady(engine: Engine, node: Node, run: Run, rule: Rule): void {
  run.readyMs = engine.now.monotonicMs;
  cancelUnitTimer(engine, run);
  stopProbe(engine, run);
  setState(engine, node, "ready", rule, "");
  watchWhileReady(engine, node, run);
  const { unit } = node;
  const plan = definitionOf(node);
  if (declaresReadiness(plan) && plan.type === "service" && !unit.quiet.now)
    log(engine, "info", "Service ready", { service: unit.name });
}

/** What is asked of a run from now until it ends. */
export function watchWhileReady(engine: Engine, node: Node, run: Run): void {
  beginHealth(engine, node, run);
  armWatchdog(engine, node, run);
}

/** The run ends: nothing is asked any more. */
export function stopWatching(engine: Engine, run: Run): void {
  stopProbe(engine, run);
  forgetReload(engine, run);
  stopNaming(engine, run);
  endHealth(engine, run);
  cancelWatchdog(engine, run);
}

/** Waits for readiness: pre_start is over, and it is neither ready nor ending. */
function awaitsReadiness(node: Node, run: Run): boolean {
  return node.unit.state === "starting" && run.phase === "main";
}

/** A sign of readiness. It may overtake the news that the program runs, and it waits for the main process's name. */
export function signOfReadiness(engine: Engine, node: Node, run: Run, rule: Rule): void {
  if (!awaitsReadiness(node, run)) return;
  if (run.main !== "spawning" && !isNameMissing(definitionOf(node), run)) {
    becomeReady(engine, node, run, rule);
    return;
  }
  run.readySeen = true;
  touch(engine, node);
}

/** The main process was named: the last thing that was missing, or not. */
export function namedMain(engine: Engine, node: Node, run: Run, event: Extract<Event, { kind: "main-named" }>): void {
  mainNamed(engine, node, run, event);
  if (!run.readySeen) return;
  const { ready } = definitionOf(node);
  signOfReadiness(engine, node, run, ready.kind === "started" ? "ready-pid-file" : ruleOf(ready));
}

export function readyLine(engine: Engine, node: Node, run: Run): void {
  signOfReadiness(engine, node, run, "ready-line");
}

export function readyClosed(engine: Engine, node: Node, run: Run): void {
  // One that is closed before the program runs tells nothing: its program may not have come to run.
  if (awaitsReadiness(node, run) && run.main === "running")
    stopFailed(engine, node, run, "ready-closed", "ready fd closed without a line");
}

/** A probe or log watch answered yes: it has ended by that. Nothing is asked but before the run is ready or ends. */
export function probeSucceeded(engine: Engine, node: Node, run: Run): void {
  forgetProbe(engine, run);
  signOfReadiness(engine, node, run, ruleOf(definitionOf(node).ready));
}

/** sd_notify(3). */
export function notified(
  engine: Engine,
  node: Node,
  run: Run,
  event: Extract<Event, { kind: "notify-received" }>,
): void {
  if (event.ticket !== run.start) return;
  const { unit } = node;
  const waitsForIt = definitionOf(node).ready.kind === "notify" && awaitsReadiness(node, run);
  if (event.status !== null) unit.statusText = event.status.slice(0, 200);
  if (event.extendTimeoutMs !== null && run.timerUse !== "") {
    const atMs = engine.now.monotonicMs + event.extendTimeoutMs;
    if (atMs > run.timerAtMs) armUnitTimer(engine, node, run, run.timerUse, atMs);
  } else if (event.extendTimeoutMs !== null) extendRun(engine, node, run, event.extendTimeoutMs);
  if (event.stopping && isUp(unit)) note(engine, node, "told-stopping", "");
  watchdogTold(engine, node, run, event);
  if (waitsForIt && event.errno !== null && event.errno !== 0) {
    stopFailed(engine, node, run, "notify-error", `it told errno ${event.errno} before ready`);
    return;
  }
  if (event.mainPid !== null) mainPidTold(engine, node, run, event.mainPid);
  if (event.ready) {
    if (waitsForIt) signOfReadiness(engine, node, run, "ready-notify");
    if (unit.state === "reloading") setState(engine, node, "ready", "reload-ended", "");
  } else if (event.reloading && unit.state === "ready") {
    setState(engine, node, "reloading", "reload-signal", "it told that it reloads");
  }
}
