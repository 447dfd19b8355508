/** The beginning of a run: the commands of pre_start one after the other, then the main process, all within the start limit. */

import { ProcessKind } from "../contract.ts";
import { spawnAux } from "./aux.ts";
import { endByItself, endOf } from "./ending.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, setState } from "./engine.ts";
import type { Event } from "./event.ts";
import { beginQuietOrLoud } from "./quiet.ts";
import { watchReadiness } from "./readiness.ts";
import { spawnOfMain } from "./spawn-effect.ts";
import { newRun, type Run } from "./state.ts";
import { isKilledLate, killLate, sendStopSignal } from "./stopping.ts";
import { armRunTimer, armUnitTimer } from "./timers.ts";

/** The unit waits for nothing any more. */
export function beginRun(engine: Engine, node: Node): void {
  const { unit, plan } = node;
  const run = newRun(newTicket(engine), engine.now.monotonicMs);
  unit.run = run;
  unit.oldPlan = null;
  if (unit.schedule !== null) unit.schedule.due = false;
  unit.statusText = "";
  engine.byTicket.set(run.start, node);
  if (plan.type === "group") {
    run.readyMs = run.beganMs;
    run.healthy = true;
    setState(engine, node, "ready", "ready-group", "");
    return;
  }
  setState(engine, node, "starting", "starts", "");
  beginQuietOrLoud(engine, node);
  if (!unit.quiet.now) log(engine, "info", "Starting service", { service: unit.name });
  armUnitTimer(engine, node, run, "start", run.beganMs + plan.startTimeoutMs);
  continueStart(engine, node, run);
}

/** The next command of pre_start, or the main process. */
export function continueStart(engine: Engine, node: Node, run: Run): void {
  const command = definitionOf(node).preStart[run.commandAt];
  if (command === undefined) {
    spawnMain(engine, node, run);
    return;
  }
  run.phase = "pre-start";
  note(engine, node, "pre-start", command.argv[0] as string);
  spawnAux(engine, node, run, ProcessKind.preStart, command);
}

function spawnMain(engine: Engine, node: Node, run: Run): void {
  run.phase = "main";
  run.main = "spawning";
  run.touched = true;
  engine.effects.push(spawnOfMain(node, run));
}

type Succeeded = Extract<Event, { kind: "spawn-succeeded" }>;
type Failed = Extract<Event, { kind: "spawn-failed" }>;

/** exec of the main process succeeded. */
export function mainStarted(engine: Engine, node: Node, run: Run, event: Succeeded): void {
  const { unit } = node;
  run.main = "running";
  run.pid = event.pid;
  run.slot = event.slot;
  run.execMs = engine.now.monotonicMs;
  if (run.ending !== "") {
    // It was to be stopped before it began: taking the spawn back came too late.
    if (isKilledLate(run)) killLate(engine, node, run);
    else sendStopSignal(engine, node, run);
    return;
  }
  note(engine, node, "exec-succeeded", "");
  if (!unit.quiet.now) log(engine, "info", "Started service", { pid: event.pid, service: unit.name });
  armRunTimer(engine, node, run);
  watchReadiness(engine, node, run);
}

/** The main process did not come to run its program. */
export function mainFailed(engine: Engine, node: Node, run: Run, event: Failed): void {
  run.main = "ended";
  // No program ran: nothing can be left of this start, unless pre_start left it.
  if (run.commandAt === 0) run.touched = false;
  const end = endOf(engine, node, "spawn-failed");
  end.stage = event.stage;
  end.errno = event.errno;
  end.detail = event.detail;
  endByItself(engine, node, run, end);
}
