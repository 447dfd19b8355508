/** What the runtime asks the engine's state: services as their runs know them, and open processes. */

import { ProcessKind } from "../contract.ts";
import { definitionOf, engineOf } from "../engine/engine.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";

/** The definition that a service's living run was started with, else the plan's. */
export function serviceOfPlan(state: State, name: string): ServicePlan | undefined {
  const node = engineOf(state).byName.get(name);
  return node === undefined ? undefined : definitionOf(node);
}

/** The running main process of an instance. */
export function mainProcess(state: State, instance: InstanceId): { ticket: Ticket; pid: number } | null {
  const run = engineOf(state).byName.get(instance.service)?.unit.run ?? null;
  return run === null || run.main !== "running" ? null : { ticket: run.start, pid: run.pid };
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
      found.push({ ...shared, ticket: run.start, processKind: ProcessKind.main, pid, slot, success });
    }
    for (const aux of run.aux) {
      found.push({ ...shared, ticket: aux.ticket, processKind: aux.kind, pid: aux.pid, slot: -1, success: [0] });
    }
  }
  return found;
}
