/** What the runtime asks the engine's state: services as their runs know them, and open processes. */

import { ProcessKind } from "../contract.ts";
import { definitionOf, engineOf } from "../engine/engine.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { mainTicket } from "../engine/unit.ts";

/** The definition that a service's living run was started with, else the plan's. */
export function serviceOfPlan(state: State, name: string): ServicePlan | undefined {
  const node = engineOf(state).byName.get(name);
  return node === undefined ? undefined : definitionOf(node);
}

/**
 * The running main process of an instance, with the ticket of its start. pid 0: its program has forked and gone, and what it
 * left is not named yet.
 */
export function mainProcess(state: State, instance: InstanceId): { ticket: Ticket; pid: number } | null {
  const run = engineOf(state).byName.get(instance.service)?.unit.run ?? null;
  if (run === null) return null;
  if (run.main === "running") return { ticket: run.start, pid: run.pid };
  return run.main === "ended" && run.ending === "" ? { ticket: run.start, pid: 0 } : null;
}

/** Of the main process of a start. */
export function mainOfStart(state: State, start: Ticket): Ticket {
  const run = engineOf(state).byTicket.get(start)?.unit.run ?? null;
  return run === null ? start : mainTicket(run);
}

/** As mainProcess(), with the user that the service is to run as. */
export function mainWithUser(
  state: State,
  instance: InstanceId,
  uidOf: (service: ServicePlan) => number,
): { ticket: Ticket; pid: number; uid: number } | null {
  const main = mainProcess(state, instance);
  if (main === null) return null;
  const service = serviceOfPlan(state, instance.service);
  return { ...main, uid: service === undefined ? 0 : uidOf(service) };
}

/** A spawn of its main process was asked for and not answered. */
export function isMainStarting(state: State, instance: InstanceId): boolean {
  return engineOf(state).byName.get(instance.service)?.unit.run?.main === "spawning";
}

/** Whether a start's sign of readiness may still come. */
export function isReadinessAwaited(state: State, start: Ticket): boolean {
  const run = engineOf(state).byTicket.get(start)?.unit.run ?? null;
  return run !== null && run.start === start && run.readyMs < 0;
}

/** A main process of this ticket is nothing that the state waits for, or will start: another one has taken its place. */
export function isGivenUp(state: State, ticket: Ticket): boolean {
  return ticket < state.nextTicket && engineOf(state).byTicket.get(ticket)?.unit.run?.start !== ticket;
}

export interface OpenProcess {
  ticket: Ticket;
  startTicket: Ticket;
  instance: InstanceId;
  processKind: number;
  /** 0: the answer to its spawn has not come. */
  pid: number;
  /** -1: not known. */
  slot: number;
  /** Exit codes that are no failure. */
  success: number[];
  /** Not started by gonit: the service named it, or (pid 0) is about to. */
  isNamed?: true;
}

/** Every process that the engine believes to be starting or running. */
export function openProcesses(state: State): OpenProcess[] {
  const found: OpenProcess[] = [];
  for (const node of engineOf(state).nodes) {
    const run = node.unit.run;
    if (run === null) continue;
    const success = definitionOf(node).restart.success;
    const shared = { instance: node.id, startTicket: run.start };
    if (run.main === "spawning" || run.main === "running") {
      const [pid, slot] = run.main === "running" ? [run.pid, run.slot] : [0, -1];
      const main = { ...shared, ticket: mainTicket(run), processKind: ProcessKind.main, pid, slot, success };
      found.push(run.daemon === 0 ? main : { ...main, isNamed: true });
    }
    const beside = { ...shared, processKind: ProcessKind.main, slot: -1, success };
    if (run.starter !== 0) found.push({ ...beside, ticket: run.start, pid: run.starter });
    if (run.naming !== 0) found.push({ ...beside, ticket: run.naming, pid: 0, isNamed: true });
    for (const aux of run.aux) {
      found.push({ ...shared, ticket: aux.ticket, processKind: aux.kind, pid: aux.pid, slot: -1, success: [0] });
    }
  }
  return found;
}
