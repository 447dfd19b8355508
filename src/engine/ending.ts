/**
 * The end of a run, from the death of the main process to the moment when no process is left: the tree is emptied,
 * post_stop runs, the tree is emptied again. Only then the unit settles (settle.ts), so that no new start can meet
 * leftovers of the last one.
 */

import { ProcessKind } from "../contract.ts";
import { endAuxOfLife, spawnAux } from "./aux.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, setState, touch } from "./engine.ts";
import type { Event } from "./event.ts";
import { none } from "./lists.ts";
import { isNameMissing, namingText } from "./main-process.ts";
import { signOfReadiness, stopWatching } from "./readiness.ts";
import { isSuccessCode } from "./restart.ts";
import { settle } from "./settle.ts";
import type { End, EndCause, OwnEndCause, Run } from "./state.ts";
import { forgetTree, stopFailed } from "./stopping.ts";
import { armUnitTimer, cancelRunTimer, cancelUnitTimer } from "./timers.ts";
import { isUp, mainTicket } from "./unit.ts";
import { endText, exitText, signalName } from "./words.ts";

/** A fresh record of an end, before anything is known about the process. */
export function endOf(engine: Engine, node: Node, cause: EndCause): End {
  return {
    cause,
    wasReady: isUp(node.unit),
    code: null,
    signal: null,
    core: false,
    stage: 0,
    errno: 0,
    detail: "",
    killed: "",
    atBootMs: engine.now.bootMs,
    lines: [],
  };
}

type Exited = Extract<Event, { kind: "process-exited" }>;

export function mainExited(engine: Engine, node: Node, run: Run, event: Exited): void {
  const plan = definitionOf(node);
  const isSuccess = isSuccessCode(event.code, plan.restart);
  if (event.ticket !== mainTicket(run)) {
    starterExited(engine, node, run, event, isSuccess);
    return;
  }
  run.main = "ended";
  const isForking = plan.ready.kind === "exit" || isNameMissing(plan, run);
  if (isSuccess && node.unit.state === "starting" && run.daemon === 0 && isForking) {
    if (plan.ready.kind === "exit") signOfReadiness(engine, node, run, "ready-exit");
    if (plan.type === "service") {
      // A daemon that forked: it is up as long as something of its tree lives, or until its main process is named.
      run.end = endWith(engine, node, run, event);
      awaitTree(engine, node, run);
      return;
    }
  }
  const end = endWith(engine, node, run, event);
  if (run.ending === "") {
    if (!node.unit.quiet.now) logEnded(engine, node, event, isSuccess);
    endByItself(engine, node, run, end);
    return;
  }
  run.end = end;
  advance(engine, node, run);
}

/** The program that was started ends beside the main process that was named in its place. */
function starterExited(engine: Engine, node: Node, run: Run, event: Exited, isSuccess: boolean): void {
  run.starter = 0;
  if (definitionOf(node).ready.kind !== "exit" || node.unit.state !== "starting") return;
  if (isSuccess) signOfReadiness(engine, node, run, "ready-exit");
  else
    stopFailed(engine, node, run, "starter-failed", `its program ${exitText(event.code, event.signal)} before ready`);
}

function endWith(engine: Engine, node: Node, run: Run, event: Exited): End {
  const end = run.end ?? endOf(engine, node, "exited");
  end.code = event.code;
  end.signal = event.signal;
  end.core = event.core;
  end.atBootMs = engine.now.bootMs;
  end.lines = linesOf(event);
  if (end.cause === "exited") end.detail = event.because ?? "";
  return end;
}

/** What is kept of the last lines of a process. */
export function linesOf({ lastLines }: Exited): string[] {
  return lastLines.slice(-10).map((line) => line.slice(0, 400));
}

function logEnded(engine: Engine, node: Node, event: Exited, isSuccess: boolean): void {
  const fields: Record<string, string | number> = { service: node.unit.name };
  if (event.signal !== null) fields.signal = signalName(event.signal);
  else fields.code = event.code ?? 0;
  if (event.because) fields.reason = event.because;
  log(engine, isSuccess ? "info" : "warn", "Service ended", fields, event.lastLines);
}

/** The run ends without gonit having asked for it. */
export function endByItself(engine: Engine, node: Node, run: Run, end: End): void {
  const isFirst = run.ending === "";
  run.end = run.end ?? end;
  if (isFirst) {
    run.ending = end.cause;
    node.wentAway = true;
    cancelUnitTimer(engine, run);
    cancelRunTimer(engine, run);
    stopWatching(engine, run);
    run.phase = "emptying";
    setState(engine, node, "stopping", end.cause as OwnEndCause, endText(end));
    if (run.aux.length > 0) {
      // A reload command outlives its service: it is ended too, within the stop limit.
      endAuxOfLife(engine, node, run);
      armUnitTimer(engine, node, run, "stop", engine.now.monotonicMs + definitionOf(node).stop.timeoutMs);
    }
  }
  advance(engine, node, run);
}

/** Goes on with the end of a run as far as the answers that are in allow. */
export function advance(engine: Engine, node: Node, run: Run): void {
  if (run.main === "spawning" || run.main === "running" || run.aux.length > 0) return;
  if (run.tree !== 0) return;
  const plan = definitionOf(node);
  if (run.touched && plan.stop.kill !== "process") {
    run.phase = "emptying";
    awaitTree(engine, node, run);
    return;
  }
  if (!run.post && plan.postStop.length > 0) {
    run.post = true;
    run.commandAt = 0;
    armUnitTimer(engine, node, run, "stop", engine.now.monotonicMs + plan.stop.timeoutMs);
  } else run.commandAt++;
  const command = run.post ? plan.postStop[run.commandAt] : undefined;
  if (command === undefined) {
    settle(engine, node, run);
    return;
  }
  run.phase = "post-stop";
  note(engine, node, "post-stop", command.argv[0] as string);
  spawnAux(engine, node, run, ProcessKind.postStop, command);
}

function awaitTree(engine: Engine, node: Node, run: Run): void {
  run.tree = newTicket(engine);
  run.treeUse = "await";
  engine.byTicket.set(run.tree, node);
  engine.effects.push({ kind: "await-tree", ticket: run.tree, startTicket: run.start, instance: node.id });
}

/** Nothing of this start is alive any more. */
export function treeEmptied(engine: Engine, node: Node, run: Run): void {
  const wasUnkillable = run.unkillable.length > 0;
  const hadForked = run.left.length > 0;
  engine.byTicket.delete(run.tree);
  run.tree = 0;
  run.treeUse = "";
  run.left = none;
  run.lingers = false;
  run.unkillable = none;
  // A process that is only being started was not seen by whoever looked.
  run.touched = run.main === "spawning" || run.aux.some((aux) => aux.pid === 0);
  if (wasUnkillable) {
    log(engine, "info", "Service could be killed after all", { service: node.unit.name });
    touch(engine, node);
  }
  if (run.ending === "") {
    forkedEnded(engine, node, run, hadForked);
    return;
  }
  note(engine, node, "tree-empty", "");
  advance(engine, node, run);
}

/**
 * Nothing lives of a service that was ready by the end of its program. When it had left processes, it was a daemon, and
 * this is its death, with a code that is not ours to know: a failure. Else it was meant to end.
 */
function forkedEnded(engine: Engine, node: Node, run: Run, hadForked: boolean): void {
  const end = run.end as End;
  end.atBootMs = engine.now.bootMs;
  if (hadForked) end.code = null;
  if (!end.wasReady) end.detail = `nothing is left of it, and it waits for ${namingText(definitionOf(node), run)}`;
  if (!node.unit.quiet.now) {
    const fields: Record<string, string | number> = { service: node.unit.name };
    if (end.code !== null) fields.code = end.code;
    log(engine, hadForked ? "warn" : "info", "Service ended", fields);
  }
  endByItself(engine, node, run, end);
  if (!hadForked) node.wentAway = false;
}

export function treeUnkillable(engine: Engine, node: Node, run: Run, pids: number[]): void {
  if (definitionOf(node).stop.kill !== "tree" && run.main === "ended" && run.aux.length === 0) {
    leaveBehind(engine, node, run, pids);
    return;
  }
  run.unkillable = pids.length === 0 ? [0] : pids.slice(0, 20);
  const reason = `pid ${run.unkillable.join(" ")} outlives SIGKILL (uninterruptible sleep)`;
  note(engine, node, "unkillable", reason);
  log(engine, "error", "Cannot kill service", { service: node.unit.name, reason });
  touch(engine, node);
}

/** The configuration asks for the group only: what has left it is told, and left alone. */
function leaveBehind(engine: Engine, node: Node, run: Run, pids: number[]): void {
  log(engine, "warn", "Processes outside the group are left", { pids: pids.join(" "), service: node.unit.name });
  forgetTree(engine, run);
  run.left = none;
  run.unkillable = none;
  touch(engine, node);
  run.touched = false;
  advance(engine, node, run);
}
