/**
 * Which process is the main one. At first it is the program that was started. A daemon that forks tells another: in its
 * pid_file, or with MAINPID= of sd_notify(3). The end of that one is then the service's end, and stop and reload reach it.
 */

import type { Effect } from "./effect.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, touch } from "./engine.ts";
import type { Event } from "./event.ts";
import { none } from "./lists.ts";
import type { ServicePlan } from "./plan.ts";
import type { Run } from "./state.ts";
import { forgetTree } from "./stopping.ts";

/** Its pid file is to name the main process, and has not. */
export function isNameMissing(plan: ServicePlan, run: Run): boolean {
  return plan.pidFile !== "" && !run.isNamed;
}

/** The program runs: from now on its pid file is looked at. */
export function beginNaming(engine: Engine, node: Node, run: Run): void {
  if (isNameMissing(definitionOf(node), run)) ask(engine, node, run, 0);
}

function ask(engine: Engine, node: Node, run: Run, pid: number): void {
  stopNaming(engine, run);
  run.naming = newTicket(engine);
  run.namingPid = pid;
  engine.byTicket.set(run.naming, node);
  engine.effects.push(findMain(node, run));
}

/** The order to look, the same when it is given first and when a new manager gives it again. */
export function findMain(node: Node, run: Run): Effect {
  const { naming: ticket, start: startTicket, namingPid: pid } = run;
  return { kind: "find-main", ticket, startTicket, instance: node.id, pid, pidFile: definitionOf(node).pidFile };
}

/** The run ends, or something else is asked. */
export function stopNaming(engine: Engine, run: Run): void {
  if (run.naming === 0) return;
  engine.effects.push({ kind: "stop-probe", ticket: run.naming });
  engine.byTicket.delete(run.naming);
  run.naming = 0;
}

/** MAINPID= came, from a process of the service. */
export function mainPidTold(engine: Engine, node: Node, run: Run, pid: number): void {
  if (run.phase !== "main") return;
  if (pid !== run.pid || run.main !== "running") ask(engine, node, run, pid);
}

type Named = Extract<Event, { kind: "main-named" }>;

export function mainNamed(engine: Engine, node: Node, run: Run, { ticket, pid, slot }: Named): void {
  run.naming = 0;
  run.isNamed = true;
  if (pid === run.pid && run.main === "running") {
    // It did not fork.
    engine.byTicket.delete(ticket);
    note(engine, node, "main-named", `pid ${pid}, the program itself`);
  } else if (pid === run.starter) {
    returnToStarter(engine, run, ticket, slot);
    note(engine, node, "main-named", `pid ${pid}, the program itself again`);
  } else {
    becomeMain(engine, run, ticket, pid, slot);
    note(engine, node, "main-named", `pid ${pid}`);
    if (!node.unit.quiet.now) log(engine, "info", "Main process of service", { pid, service: node.unit.name });
  }
  touch(engine, node);
}

function becomeMain(engine: Engine, run: Run, ticket: number, pid: number, slot: number): void {
  if (run.daemon !== 0) engine.byTicket.delete(run.daemon);
  else if (run.main === "running") run.starter = run.pid;
  run.daemon = ticket;
  run.main = "running";
  run.pid = pid;
  run.slot = slot;
  // What the program's own end was no longer counts, nor does what it left: this process's end is the service's.
  run.end = null;
  forgetTree(engine, run);
  run.left = none;
}

/** Its end will be told with the ticket of the start. */
function returnToStarter(engine: Engine, run: Run, ticket: number, slot: number): void {
  engine.byTicket.delete(ticket);
  engine.byTicket.delete(run.daemon);
  run.daemon = 0;
  run.pid = run.starter;
  run.slot = slot;
  run.starter = 0;
  run.main = "running";
}

type Refused = Extract<Event, { kind: "main-refused" }>;

export function mainRefused(engine: Engine, node: Node, run: Run, { reason }: Refused): void {
  if (run.namingPid === 0) {
    run.namingReason = reason.slice(0, 200);
    return;
  }
  engine.byTicket.delete(run.naming);
  run.naming = 0;
  note(engine, node, "main-refused", reason);
  log(engine, "warn", "Not taken as main process", { reason, service: node.unit.name });
  beginNaming(engine, node, run);
}

/** The open question in words, with the last answer; empty when there is none. */
export function namingText(plan: ServicePlan, run: Run): string {
  if (!isNameMissing(plan, run)) return "";
  return `${plan.pidFile} to name its main process${run.namingReason === "" ? "" : ` (${run.namingReason})`}`;
}
