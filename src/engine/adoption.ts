/**
 * Processes that live and that the state does not know, because it was lost or is older than they are. Each becomes its
 * unit's run, in place of what the state held for it, and is taken for ready: nothing tells whether it was.
 */

import { SignalScope } from "../contract.ts";
import { type Engine, log, type Node, setState } from "./engine.ts";
import type { AdoptedProcess } from "./event.ts";
import type { Ticket } from "./instance.ts";
import { stopWatching, watchWhileReady } from "./readiness.ts";
import { failTarget } from "./request-judge.ts";
import { cancelBackoff } from "./settle.ts";
import { newRun, type Run, type Target } from "./state.ts";
import { forgetTree, wishStop } from "./stopping.ts";
import { armRunTimer, cancelRunTimer, cancelUnitTimer } from "./timers.ts";
import { wantDown } from "./wanted.ts";

const SIGKILL = 9;

/** Without a plan nobody knows whose they are: they wait for one. */
export function processesAdopted(engine: Engine, processes: AdoptedProcess[]): void {
  const { state } = engine;
  state.adopted.push(...processes);
  for (const { ticket } of processes) state.nextTicket = Math.max(state.nextTicket, ticket + 1);
  if (state.plan !== null) adoptAll(engine);
}

/** All that have waited for a plan. */
export function adoptAll(engine: Engine): void {
  for (const found of engine.state.adopted.splice(0)) {
    const node = engine.byName.get(found.service);
    if (node !== undefined && canBe(node, found)) adopt(engine, node, found);
    else endStranger(engine, found);
  }
}

/** The plan knows no service that it could be: it is ended, so that it cannot meet a later one of that name. */
function endStranger(engine: Engine, { service, ticket, pid }: AdoptedProcess): void {
  log(engine, "warn", "Ending a process of no service", { pid, service });
  engine.effects.push({
    kind: "signal",
    ticket,
    startTicket: ticket,
    instance: { service, replica: 1 },
    signal: SIGKILL,
    scope: SignalScope.tree,
  });
}

/** A later start than the state knows, or the same one, of a service that has a program. */
function canBe({ unit, plan }: Node, { ticket }: AdoptedProcess): boolean {
  if (unit.removed || plan.command === null) return false;
  return unit.run === null || unit.run.start <= ticket;
}

function adopt(engine: Engine, node: Node, { ticket, pid, slot }: AdoptedProcess): void {
  const { unit } = node;
  if (unit.run !== null) forgetRun(engine, unit.run);
  cancelBackoff(engine, node);
  const run = newRun(ticket, engine.now.monotonicMs);
  unit.run = { ...run, main: "running", pid, slot, execMs: run.beganMs, readyMs: run.beganMs, touched: true };
  unit.oldPlan = null;
  unit.stopWish = "";
  unit.stopForce = false;
  unit.wanted = "up";
  unit.listens = false;
  if (unit.schedule !== null) unit.schedule.due = false;
  for (const { target } of node.waiters) failLost(target, ticket);
  unit.wantedBecause = "it was running when the state was lost";
  engine.byTicket.set(ticket, node);
  for (const other of node.conflicts)
    if (other.unit.wanted === "up") wantDown(engine, other, "conflict", `conflicts with ${unit.name}`, 0);
  setState(engine, node, "ready", "adopted", `pid ${pid}`);
  armRunTimer(engine, node, unit.run);
  watchWhileReady(engine, node, unit.run);
  if (engine.state.shutdown !== null) wishStop(engine, node, "shutdown");
}

/** What can no more be told: how a run before this one ended, or that there is none. */
function failLost(target: Target, ticket: Ticket): void {
  if (target.goal === "down") failTarget(target, "running", "was found running when the state was lost");
  else if (target.goal === "run" && target.begun && target.from !== ticket)
    failTarget(target, "unknown", "has run again: how the run before ended was lost with the state");
}

/** A later run was seen: this one has ended, and nothing of it is left. */
function forgetRun(engine: Engine, run: Run): void {
  cancelUnitTimer(engine, run);
  cancelRunTimer(engine, run);
  stopWatching(engine, run);
  forgetTree(engine, run);
  for (const ticket of [run.start, run.daemon, ...run.aux.map((aux) => aux.ticket)]) engine.byTicket.delete(ticket);
}
