/** Processes beside the main one: commands of pre_start and post_stop, the stop and the reload command. */

import { ProcessKind, SignalScope } from "../contract.ts";
import { advance, endByItself, endOf, linesOf } from "./ending.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, setState, touch } from "./engine.ts";
import type { Event } from "./event.ts";
import { withItem, withoutItem } from "./lists.ts";
import type { CommandPlan } from "./plan.ts";
import { failedReload } from "./reload.ts";
import { spawnOfAux } from "./spawn-effect.ts";
import { continueStart } from "./start.ts";
import type { Aux, End, Run } from "./state.ts";
import { isKilledLate, killLate, sendStopSignal } from "./stopping.ts";
import { exitText } from "./words.ts";

const SIGKILL = 9;
const SIGTERM = 15;

export function spawnAux(engine: Engine, node: Node, run: Run, kind: number, command: CommandPlan): void {
  const aux = { ticket: newTicket(engine), kind, pid: 0 };
  run.aux = withItem(run.aux, aux);
  run.touched = true;
  engine.byTicket.set(aux.ticket, node);
  engine.effects.push(spawnOfAux(node, run, aux, command));
}

export function auxStarted(engine: Engine, node: Node, run: Run, aux: Aux, pid: number): void {
  aux.pid = pid;
  if (isKilledLate(run)) killLate(engine, node, run);
  // It may be in a group of its own.
  if (run.phase === "killing") signalAux(engine, node, run, aux, SIGKILL);
  else if (run.ending !== "" && isOfLife(aux)) signalAux(engine, node, run, aux, SIGTERM);
}

/** Commands that belong to a run that is to go on; in one that ends they are ended. */
export function isOfLife(aux: Aux): boolean {
  return aux.kind === ProcessKind.preStart || aux.kind === ProcessKind.reload;
}

export function signalAux(engine: Engine, node: Node, run: Run, aux: Aux, signal: number): void {
  engine.effects.push({
    kind: "signal",
    ticket: aux.ticket,
    startTicket: run.start,
    instance: node.id,
    signal,
    scope: SignalScope.group,
  });
}

/** Ends the commands of pre_start and reload because the run begins to end: it has no others yet. */
export function endAuxOfLife(engine: Engine, node: Node, run: Run): void {
  for (const aux of run.aux) {
    if (aux.pid === 0) engine.effects.push({ kind: "cancel-spawn", ticket: aux.ticket });
    else signalAux(engine, node, run, aux, SIGTERM);
  }
}

/** What a command's end means. */
interface Outcome {
  ok: boolean;
  text: string;
  fill(end: End): void;
}

export function auxFailed(
  engine: Engine,
  node: Node,
  run: Run,
  aux: Aux,
  event: Extract<Event, { kind: "spawn-failed" }>,
): void {
  auxEnded(engine, node, run, aux, {
    ok: false,
    text: event.detail === "" ? `cannot be started (stage ${event.stage}, errno ${event.errno})` : event.detail,
    fill: (end) => {
      end.stage = event.stage;
      end.errno = event.errno;
    },
  });
}

export function auxExited(
  engine: Engine,
  node: Node,
  run: Run,
  aux: Aux,
  event: Extract<Event, { kind: "process-exited" }>,
): void {
  auxEnded(engine, node, run, aux, {
    ok: event.code === 0,
    text: exitText(event.code, event.signal),
    fill: (end) => {
      end.code = event.code;
      end.signal = event.signal;
      end.lines = linesOf(event);
    },
  });
}

function auxEnded(engine: Engine, node: Node, run: Run, aux: Aux, outcome: Outcome): void {
  run.aux = withoutItem(run.aux, run.aux.indexOf(aux));
  engine.byTicket.delete(aux.ticket);
  switch (aux.kind) {
    case ProcessKind.preStart:
      preStartEnded(engine, node, run, outcome);
      return;
    case ProcessKind.postStop:
      if (!outcome.ok)
        log(engine, "warn", "Command of post_stop failed", { service: node.unit.name, reason: outcome.text });
      advance(engine, node, run);
      return;
    case ProcessKind.stop:
      if (!outcome.ok && run.main === "running" && run.phase === "stopping") {
        log(engine, "warn", "Stop command failed, the signal is sent", {
          service: node.unit.name,
          reason: outcome.text,
        });
        note(engine, node, "stop-signal", `stop command: ${outcome.text}`);
        sendStopSignal(engine, node, run);
      }
      advance(engine, node, run);
      return;
    case ProcessKind.reload:
      if (run.ending !== "") advance(engine, node, run);
      else if (outcome.ok) setState(engine, node, "ready", "reload-ended", "");
      else failedReload(engine, node, outcome.text);
      touch(engine, node);
      return;
    default:
      throw new Error(`assert: a process of kind ${aux.kind}`);
  }
}

function preStartEnded(engine: Engine, node: Node, run: Run, outcome: Outcome): void {
  if (run.ending !== "") {
    advance(engine, node, run);
    return;
  }
  if (outcome.ok) {
    run.commandAt++;
    continueStart(engine, node, run);
    return;
  }
  const end = endOf(engine, node, "pre-start-failed");
  outcome.fill(end);
  // An apply may have taken it out of the plan meanwhile.
  const command = definitionOf(node).preStart[run.commandAt];
  end.detail = `pre_start${command === undefined ? "" : ` ${command.argv[0]}`}: ${outcome.text}`;
  endByItself(engine, node, run, end);
}
