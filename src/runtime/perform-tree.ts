/**
 * Waits for the end of a start's processes, and kills them. The answers come from the tree thread (host/tree.c); an
 * answer "some are left" is asked again when init has reaped orphans, and from time to time, since a process need not
 * become init's child to leave the tree.
 */

import { Clock, SignalScope, type TreeRequest, type TreeResult } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import { readNow } from "./clock.ts";
import type { Shell } from "./performer.ts";
import { treeMarks } from "./service-environment.ts";

const SIGKILL = 9;
const againMsMin = 5;
const againMsMax = 1000;
/** Time after SIGKILL at which what still lives is called unkillable. */
const unkillableMs = 2000;

interface Wait {
  ticket: Ticket;
  startTicket: Ticket;
  instance: InstanceId;
  killing: boolean;
  /** process: only the main process is killed; what it leaves is no concern of ours. */
  scope: number;
  sinceMs: number;
  againMs: number;
  asked: boolean;
  told: boolean;
}

export class Trees {
  private readonly shell: Shell;
  private readonly waits = new Map<Ticket, Wait>();
  /** Questions that are no wait of the engine's. */
  private readonly questions = new Map<Ticket, (result: TreeResult) => void>();
  private orphansSeen = 0;
  /** Process numbers of main processes, kept after their end: they name the process group. */
  private readonly leaders = new Map<Ticket, number>();

  private readonly starters = new Map<Ticket, Ticket>();

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** A start that is known by a process that was named: by its slot only the program that was started is found. */
  startedBeside(startTicket: Ticket, starter: Ticket): void {
    this.starters.set(startTicket, Math.min(starter, this.starters.get(startTicket) ?? starter));
  }

  leaderStarted(startTicket: Ticket, pid: number): void {
    this.leaders.set(startTicket, pid);
  }

  /** Process number of the program that was started, which names the group; 0: not known. */
  leaderOf(startTicket: Ticket): number {
    return this.leaders.get(startTicket) ?? 0;
  }

  await(effect: Extract<Effect, { kind: "await-tree" }>): void {
    this.begin({ ...effect, killing: false, scope: SignalScope.tree });
  }

  kill(effect: Extract<Effect, { kind: "kill-tree" }>): void {
    this.begin({ ...effect, killing: true });
  }

  forget(ticket: Ticket): void {
    // The number of the group stays known: the tree is looked at again when the run ends.
    this.waits.delete(ticket);
    this.shell.timers.cancel(ticket);
  }

  /** A signal to the whole tree; nothing is answered. */
  signal(effect: Extract<Effect, { kind: "signal" | "signal-handler" }>): void {
    host.signalTree(this.request(this.shell.tickets.take(), effect.startTicket, effect.instance), effect.signal);
  }

  /** One look or signal for the runtime itself, answered once. A signal of 0 only looks. */
  question(request: TreeRequest, signal: number, answer: (result: TreeResult) => void): void {
    this.questions.set(request.ticket, answer);
    if (signal === 0) host.inspectTree(request);
    else host.signalTree(request, signal);
  }

  private begin(wait: Omit<Wait, "sinceMs" | "againMs" | "asked" | "told">): void {
    const begun: Wait = { ...wait, sinceMs: readNow().monotonicMs, againMs: againMsMin, asked: false, told: false };
    this.waits.set(wait.ticket, begun);
    this.ask(begun);
  }

  private ask(wait: Wait): void {
    if (wait.asked) return;
    wait.asked = true;
    if (!wait.killing) {
      host.inspectTree(this.request(wait.ticket, wait.startTicket, wait.instance));
      return;
    }
    if (wait.scope === SignalScope.tree) {
      host.signalTree(this.request(wait.ticket, wait.startTicket, wait.instance), SIGKILL);
      return;
    }
    this.shell.processes.signal(this.shell.mainTicket(wait.startTicket), SIGKILL, wait.scope);
    host.inspectTree(this.request(wait.ticket, wait.startTicket, wait.instance));
  }

  private request(ticket: Ticket, startTicket: Ticket, instance: InstanceId): TreeRequest {
    const starter = this.starters.get(startTicket) ?? startTicket;
    return {
      ticket,
      of: starter,
      slot: this.shell.processes.slotOf(starter),
      pid: this.leaders.get(startTicket) ?? 0,
      cgroup: this.shell.cgroups.groupOf(instance),
      mark: treeMarks(instance, this.shell.facts),
    };
  }

  collect(): void {
    for (const result of host.trees()) this.answered(result);
    const orphans = host.orphans();
    if (orphans === this.orphansSeen) return;
    this.orphansSeen = orphans;
    for (const wait of this.waits.values()) if (!wait.asked) this.ask(wait);
  }

  private answered(result: TreeResult): void {
    const question = this.questions.get(result.ticket);
    this.questions.delete(result.ticket);
    if (question !== undefined) question(result);
    const wait = this.waits.get(result.ticket);
    if (wait === undefined) return;
    wait.asked = false;
    const mainLives = this.shell.processes.knows(this.shell.mainTicket(wait.startTicket));
    if (result.left === 0 || (wait.scope === SignalScope.process && !mainLives)) {
      this.end(wait);
      if (result.left === 0) this.shell.cgroups.release(wait.instance);
      this.shell.emit({ kind: "tree-emptied", ticket: wait.ticket });
      return;
    }
    if (!wait.told && !wait.killing) {
      wait.told = true;
      this.shell.emit({ kind: "tree-remains", ticket: wait.ticket, pids: result.pids, how: result.how });
    } else if (!wait.told && readNow().monotonicMs - wait.sinceMs >= unkillableMs) {
      wait.told = true;
      this.shell.emit({ kind: "tree-unkillable", ticket: wait.ticket, pids: result.pids });
    }
    this.askLater(wait);
  }

  private askLater(wait: Wait): void {
    const atMs = readNow().monotonicMs + wait.againMs;
    wait.againMs = Math.min(wait.againMs * 2, againMsMax);
    this.shell.timers.arm(wait.ticket, Clock.monotonic, atMs, () => this.ask(wait));
  }

  private end(wait: Wait): void {
    this.waits.delete(wait.ticket);
    this.shell.timers.cancel(wait.ticket);
    this.leaders.delete(wait.startTicket);
    this.starters.delete(wait.startTicket);
  }
}
