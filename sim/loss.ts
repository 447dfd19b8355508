/**
 * A crash after which the journal, or the whole state, cannot be used (rungs 3 and 4 of src/runtime/recover.ts): what the
 * next manager finds in the slots, and what it tells the engine (src/runtime/reconcile.ts).
 *
 * What a main process left behind is forgotten with it, as it is in earnest: nothing names its start any more.
 */

import { ProcessKind } from "../src/contract.ts";
import type { AdoptedProcess, Event } from "../src/engine/event.ts";
import type { Ticket } from "../src/engine/instance.ts";
import type { State } from "../src/engine/state.ts";
import { isGivenUp, type OpenProcess, openProcesses } from "../src/runtime/lookups.ts";
import type { Kernel, Process } from "./kernel.ts";

export type Loss = "none" | "journal" | "state";

export interface Found {
  events: Event[];
  /** Spawns that are not to be asked for again. */
  answered: Set<Ticket>;
}

export function reconcileAfterLoss(kernel: Kernel, state: State): Found {
  const open = openProcesses(state);
  const known = new Set(open.map(({ ticket }) => ticket));
  const strays = kernel.mainsInSlots().filter(({ ticket }) => !known.has(ticket) && !isGivenUp(state, ticket));
  const adopted = strays.filter(({ unit, ticket }) => !strays.some((one) => one.unit === unit && one.ticket > ticket));
  for (const process of [...kernel.processes.values()])
    if (!known.has(process.ticket) && !adopted.includes(process)) kernel.forget(process);
  for (const process of adopted) kernel.adopt(process);
  // The program that has named the one that is adopted is of its tree.
  for (const process of kernel.processes.values())
    for (const { unit, start } of adopted)
      if (process.unit === unit && process.kind === ProcessKind.main) process.start = start;
  kernel.forgetEnded();
  const replaced = new Set(adopted.map(({ unit }) => unit));
  for (const extra of kernel.extras.values()) if (!kernel.processes.has(extra.start)) kernel.extras.delete(extra.pid);
  const events: Event[] = [];
  if (adopted.length > 0) events.push({ kind: "processes-adopted", processes: adopted.map(adoptedProcess) });
  const answered = new Set<Ticket>();
  for (const one of open) {
    if (replaced.has(one.instance.service)) answered.add(one.ticket);
    else if (takeOver(kernel, one, events)) answered.add(one.ticket);
  }
  return { events, answered };
}

function adoptedProcess({ unit: service, ticket, pid }: Process): AdoptedProcess {
  return { service, ticket, pid, slot: pid % 4096 };
}

/** Whether its spawn has an answer, or will have one. */
function takeOver(kernel: Kernel, { ticket, pid, isNamed }: OpenProcess, events: Event[]): boolean {
  const process = kernel.processes.get(ticket);
  const isTold = kernel.durable.some((event) => "ticket" in event && event.ticket === ticket);
  if (process?.state === "running" && pid === 0 && !isTold)
    events.push({
      kind: isNamed === true ? "main-named" : "spawn-succeeded",
      ticket,
      pid: process.pid,
      slot: process.pid % 4096,
    });
  if (process !== undefined || isTold) return true;
  if (pid === 0) {
    // It may have run and ended since: all that is known of it is that it is to be started.
    return false;
  }
  events.push({
    kind: "process-exited",
    ticket,
    pid,
    code: null,
    signal: 9,
    core: false,
    cpuMs: 0,
    maxRssKib: 0,
    lastLines: [],
  });
  return true;
}
