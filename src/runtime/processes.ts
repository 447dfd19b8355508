/**
 * Processes as the runtime sees them: one entry for each child slot in use. Order matters here: a short process may end
 * before the result of its spawn was collected, so an exit is held back until that result is in, and a slot is given
 * back only after its exit was journalled.
 */

import type { ExitRecord, SpawnRequest, SpawnResult } from "../contract.ts";
import { SignalScope, SlotState, Stage } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";

/** Who is told about a process. */
export interface ProcessListener {
  /** exec succeeded. */
  started(pid: number, slot: number): void;
  /** No program runs: nothing else will be told about this ticket. */
  failed(stage: number, errno: number): void;
  /** false: not now, ask again (its last output is still on its way). */
  exited(exit: ExitRecord): boolean;
}

interface Process {
  ticket: Ticket;
  slot: number;
  pid: number;
  state: "spawning" | "running" | "failed";
  listener: ProcessListener;
  /** Of one that was taken over, and that need not be init's child: its number may be another's before we know. -1: none. */
  pidfd: number;
}

const E2BIG = 7;

/** A request with more of something than C takes is the configuration's fault, and no reason for the manager to end. */
function claimSlot(request: SpawnRequest): number {
  try {
    return host.spawn(request);
  } catch (error) {
    if (error instanceof TypeError) return -E2BIG;
    throw error;
  }
}

export class Processes {
  private readonly byTicket = new Map<Ticket, Process>();
  /** Exits whose tickets nobody knows (left by an earlier manager's probes): taken at once. */
  unknownExits = 0;
  /** Ends that init has not seen, since it was not the parent. */
  private lost: ExitRecord[] = [];
  private readonly handedIn: () => void;

  /** `handedIn` is called for each spawn that waits for its answer from now on. */
  constructor(handedIn: () => void) {
    this.handedIn = handedIn;
  }

  /** Descriptors in the request stay the caller's; they are needed until started or failed was told. */
  spawn(request: SpawnRequest, listener: ProcessListener): void {
    const slot = claimSlot(request);
    if (slot < 0) {
      listener.failed(slot === -E2BIG ? Stage.command : Stage.queue, -slot);
      return;
    }
    this.byTicket.set(request.ticket, { ticket: request.ticket, slot, pid: 0, state: "spawning", listener, pidfd: -1 });
    this.handedIn();
  }

  /** Takes over a process that an earlier manager started. */
  adopt(ticket: Ticket, slot: number, pid: number, listener: ProcessListener, pidfd = -1): void {
    this.byTicket.set(ticket, { ticket, slot, pid, state: "running", listener, pidfd });
  }

  /** A process that was taken over has ended, and init will record nothing: how it ended is not known. */
  lose(ticket: Ticket): void {
    const process = this.byTicket.get(ticket);
    if (process === undefined) return;
    const { slot, pid } = process;
    const unknown = { code: null, signal: null, core: false, sequence: 0, atMs: 0, cpuMs: 0, maxRssKib: 0 };
    this.lost.push({ slot, ticket, pid, ...unknown });
  }

  knows(ticket: Ticket): boolean {
    return this.byTicket.has(ticket);
  }

  pidOf(ticket: Ticket): number {
    return this.byTicket.get(ticket)?.pid ?? 0;
  }

  slotOf(ticket: Ticket): number {
    return this.byTicket.get(ticket)?.slot ?? -1;
  }

  count(): number {
    return this.byTicket.size;
  }

  /** false: there is no such process. */
  cancel(ticket: Ticket): boolean {
    const process = this.byTicket.get(ticket);
    if (process?.state === "spawning") host.cancelSpawn(ticket);
    return process !== undefined;
  }

  /** 0 or -errno; -ESRCH (-3) when it has ended or never was. */
  signal(ticket: Ticket, signal: number, scope: number): number {
    const process = this.byTicket.get(ticket);
    if (process === undefined || process.state !== "running") return -3;
    if (process.pidfd >= 0 && scope === SignalScope.process) return host.signalProcess(process.pidfd, signal);
    return host.signal(process.slot, ticket, signal, scope === SignalScope.process ? scope : SignalScope.group);
  }

  collectSpawned(): void {
    for (const result of host.spawned()) this.spawnEnded(result);
  }

  private spawnEnded(result: SpawnResult): void {
    const process = this.byTicket.get(result.ticket);
    if (process === undefined) return;
    if (result.stage === Stage.none) {
      process.state = "running";
      process.pid = result.pid;
      process.listener.started(result.pid, result.slot);
      return;
    }
    process.listener.failed(result.stage, result.errno);
    if (result.pid === 0) {
      this.byTicket.delete(result.ticket);
      host.takeExit(result.slot);
    } else {
      // The child made no program but is a process all the same: its slot is free when init has reaped it.
      process.state = "failed";
    }
  }

  /**
   * Offers new exits to their listeners, at most `bound`. Returns those that were taken, whose slots `release` must give
   * back once the event is journalled, and whether some have to be offered again.
   */
  collectExits(bound: number): { slots: number[]; again: boolean } {
    const slots: number[] = [];
    let again = false;
    for (const exit of [...this.lost, ...host.exits()]) {
      if (slots.length >= bound) {
        again = true;
        break;
      }
      const process = this.byTicket.get(exit.ticket);
      if (process === undefined) {
        this.unknownExits++;
        slots.push(exit.slot);
      } else if (process.state === "failed") {
        this.byTicket.delete(exit.ticket);
        slots.push(exit.slot);
      } else if (process.state === "running") {
        if (process.listener.exited(exit)) {
          this.byTicket.delete(exit.ticket);
          slots.push(exit.slot);
        } else again = true;
      }
    }
    this.lost = this.lost.filter(({ ticket }) => this.byTicket.has(ticket));
    return { slots, again };
  }
}

/** Whether a slot that an earlier manager left behind holds a process that (probably) runs its program. */
export function slotRuns(slot: { state: number; pid: number; stage: number }): boolean {
  return slot.pid > 0 && slot.stage === Stage.none && slot.state !== SlotState.failed;
}
