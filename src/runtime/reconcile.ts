/**
 * Compares what the engine believes with what the child slots say, once, in a new manager: processes that live are taken
 * over, spawns whose answer was lost get it now, and what belongs to nobody (an earlier manager's probes) is ended.
 */

import { ProcessKind, SignalScope, type SlotRecord, SlotState } from "../contract.ts";
import type { Event } from "../engine/event.ts";
import type { Ticket } from "../engine/instance.ts";
import type { State } from "../engine/state.ts";
import { openProcesses } from "./lookups.ts";
import type { Spawner } from "./perform-spawn.ts";
import type { Trees } from "./perform-tree.ts";
import type { Shell } from "./performer.ts";
import { slotRuns } from "./processes.ts";
import { isRuntimeTicket } from "./tickets.ts";

const SIGKILL = 9;

/** The tickets of spawns that are answered now, and so must not be asked for again. */
export function reconcile(shell: Shell, state: State, spawner: Spawner, trees: Trees): Set<Ticket> {
  const answered = new Set<Ticket>();
  const slots = new Map<number, SlotRecord>();
  for (const slot of host.slots()) slots.set(slot.ticket, slot);
  for (const process of openProcesses(state)) {
    const slot = slots.get(process.ticket);
    slots.delete(process.ticket);
    const exited = spawner.exitListener(process, process.success);
    if (process.processKind === ProcessKind.main && process.pid > 0) trees.leaderStarted(process.ticket, process.pid);
    if (slot === undefined) {
      // A spawn that was never begun is performed again by `outstanding`; a process whose slot is gone has ended and
      // its exit was taken by a manager that did not live to tell it.
      if (process.pid > 0) shell.emit(lostExit(process.ticket, process.pid));
      continue;
    }
    if (slotRuns(slot)) {
      if (process.processKind === ProcessKind.main) trees.leaderStarted(process.ticket, slot.pid);
      shell.processes.adopt(process.ticket, slot.slot, slot.pid, { started: () => {}, failed: () => {}, exited });
      if (process.pid > 0) continue;
      answered.add(process.ticket);
      shell.emit({ kind: "spawn-succeeded", ticket: process.ticket, pid: slot.pid, slot: slot.slot });
    } else if (process.pid === 0 && answerLostSpawn(shell, slot)) answered.add(process.ticket);
  }
  for (const slot of slots.values()) endStray(slot);
  return answered;
}

function lostExit(ticket: number, pid: number): Event {
  return {
    kind: "process-exited",
    ticket,
    pid,
    code: null,
    signal: SIGKILL,
    core: false,
    cpuMs: 0,
    maxRssKib: 0,
    lastLines: ["(how it ended was lost)"],
  };
}

/** A spawn that failed is answered. One whose thread died with the manager before there was a process is not. */
function answerLostSpawn(shell: Shell, slot: SlotRecord): boolean {
  if (slot.pid === 0) host.takeExit(slot.slot);
  if (slot.state !== SlotState.failed && slot.stage === 0) return false;
  shell.emit({ kind: "spawn-failed", ticket: slot.ticket, stage: slot.stage, errno: slot.errno, detail: "" });
  return true;
}

/** Processes that no one waits for. Their exits are taken as unknown ones. */
function endStray(slot: SlotRecord): void {
  if (slot.pid > 0 && !slot.exited && isRuntimeTicket(slot.ticket)) {
    host.signal(slot.slot, slot.ticket, SIGKILL, SignalScope.group);
  }
  if (slot.pid === 0) host.takeExit(slot.slot);
}
