/**
 * Compares what the engine believes with what the child slots say, once, in a new manager: processes that live are taken
 * over, spawns whose answer was lost get it now, and what belongs to nobody (an earlier manager's probes) is ended.
 */

import { ProcessKind, SignalScope, type SlotRecord, SlotState } from "../contract.ts";
import type { AdoptedProcess, Event } from "../engine/event.ts";
import { instanceKey, parseInstanceKey, type Ticket } from "../engine/instance.ts";
import type { State } from "../engine/state.ts";
import type { ExecSessions } from "./exec-sessions.ts";
import { isGivenUp, type OpenProcess, openProcesses } from "./lookups.ts";
import type { MainProcesses } from "./main-processes.ts";
import { mendSlots } from "./mend-slots.ts";
import type { Spawner } from "./perform-spawn.ts";
import type { Trees } from "./perform-tree.ts";
import type { Shell } from "./performer.ts";
import { slotRuns } from "./processes.ts";

const SIGKILL = 9;

/** Who looks after processes. */
interface Owners {
  spawner: Spawner;
  trees: Trees;
  mains: MainProcesses;
  sessions: ExecSessions;
}

/** The tickets of orders that are answered now, and so must not be given again. */
export function reconcile(shell: Shell, state: State, { spawner, trees, mains, sessions }: Owners): Set<Ticket> {
  host.testHook("recover-reconcile");
  const answered = new Set<Ticket>();
  const open = openProcesses(state);
  const slots = new Map<number, SlotRecord>();
  for (const slot of mendSlots(shell, open)) slots.set(slot.ticket, slot);
  const known = new Set(open.map(({ ticket }) => ticket));
  const replaced = new Map<string, Ticket>();
  const adopted: AdoptedProcess[] = [];
  for (const slot of slots.values()) {
    if (known.has(slot.ticket)) continue;
    if (slot.kind === ProcessKind.main && slotRuns(slot)) {
      const later = laterMain(slot, slots);
      if (later === 0 && !isGivenUp(state, slot.ticket)) {
        adopted.push(adoptStray(shell, slot, spawner, trees));
        replaced.set(slot.instance, slot.ticket);
      } else keepBeside(slot, later, trees, mains);
    } else if (slot.kind === ProcessKind.execSession && slotRuns(slot)) sessions.adopt(slot);
    else endStray(slot);
  }
  if (adopted.length > 0) shell.emit({ kind: "processes-adopted", processes: adopted });
  for (const process of open) {
    const later = replaced.get(instanceKey(process.instance));
    const slot = slots.get(process.ticket);
    if (later !== undefined) {
      // Of a start before the one that lives, or the program that has named that one: it is not to be tried again.
      answered.add(process.ticket);
      if (slot !== undefined && slot.kind === ProcessKind.main && slotRuns(slot)) keepBeside(slot, later, trees, mains);
    } else if (process.isNamed) {
      if (mains.takeOver(process, slot)) answered.add(process.ticket);
    } else if (takeOver(shell, process, slot, spawner, trees)) answered.add(process.ticket);
  }
  return answered;
}

/** Ticket of a main process of the same instance that lives and was started or named after this one; 0: there is none. */
function laterMain({ ticket, instance }: SlotRecord, slots: Map<Ticket, SlotRecord>): Ticket {
  let later = 0;
  for (const other of slots.values())
    if (other.instance === instance && other.kind === ProcessKind.main && slotRuns(other) && other.ticket > ticket)
      later = Math.max(later, other.ticket);
  return later;
}

/**
 * A main process that another one of its service has taken the place of, or that the state has given up waiting for: it goes on
 * as a process of that one's tree.
 */
function keepBeside({ ticket, slot, pid }: SlotRecord, later: Ticket, trees: Trees, mains: MainProcesses): void {
  mains.watchOver(ticket, slot, pid, { exited: () => true });
  if (later !== 0) trees.startedBeside(later, ticket);
}

/** Whether this answers its spawn. */
function takeOver(
  shell: Shell,
  process: OpenProcess,
  slot: SlotRecord | undefined,
  spawner: Spawner,
  trees: Trees,
): boolean {
  const { ticket, pid } = process;
  const isMain = process.processKind === ProcessKind.main;
  if (isMain && pid > 0) trees.leaderStarted(ticket, pid);
  if (slot === undefined) {
    // A spawn that was never begun is performed again by `outstanding`; a process whose slot is gone has ended and
    // its exit was taken by a manager that did not live to tell it.
    if (pid > 0) shell.emit(lostExit(ticket, pid));
    return false;
  }
  if (!slotRuns(slot)) return pid === 0 && answerLostSpawn(shell, slot);
  if (isMain) trees.leaderStarted(ticket, slot.pid);
  shell.processes.adopt(ticket, slot.slot, slot.pid, spawner.listener(process, process.success));
  if (pid === 0) shell.emit({ kind: "spawn-succeeded", ticket, pid: slot.pid, slot: slot.slot });
  return pid === 0;
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

/** A service's program that was started after the state that we have: it must not be started again. */
function adoptStray(
  shell: Shell,
  { ticket, pid, slot, instance: key }: SlotRecord,
  spawner: Spawner,
  trees: Trees,
): AdoptedProcess {
  const instance = parseInstanceKey(key);
  const success = shell.service(instance.service)?.restart.success ?? [0];
  const process = { ticket, instance, startTicket: ticket, processKind: ProcessKind.main };
  trees.leaderStarted(ticket, pid);
  shell.processes.adopt(ticket, slot, pid, spawner.listener(process, success));
  return { service: instance.service, ticket, pid, slot };
}

/** Probes, and commands beside a main process, that no one waits for. Their exits are taken as unknown ones. */
function endStray(slot: SlotRecord): void {
  if (slot.pid > 0 && !slot.exited) {
    host.signal(slot.slot, slot.ticket, SIGKILL, SignalScope.group);
  }
  if (slot.pid === 0) host.takeExit(slot.slot);
}
