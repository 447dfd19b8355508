/**
 * Main processes that gonit did not start: a daemon names one in its pid file, or with MAINPID= of sd_notify(3). A file may be
 * stale, half written or somebody else's, so only a living process of the service's own start is taken. It gets a child
 * slot, in which init records its exit, and a pidfd, which tells of its end where another process is its parent.
 */

import { Clock, type ExitRecord, Poll, ProcessKind, type SlotRecord } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { Event } from "../engine/event.ts";
import { type InstanceId, instanceKey, type Ticket } from "../engine/instance.ts";
import { readNow } from "./clock.ts";
import type { OpenProcess } from "./lookups.ts";
import type { Spawner } from "./perform-spawn.ts";
import type { Trees } from "./perform-tree.ts";
import type { Shell } from "./performer.ts";
import { fileStamp, readPidFile } from "./pid-file.ts";
import { belongsToStart, hasEnded, readStat } from "./process-facts.ts";
import type { ProcessListener } from "./processes.ts";

const ENOSYS = 38;
const againMsMin = 5;
const againMsMax = 250;
/** How often, and how many times, a dead process is looked at again until its parent has reaped it. */
const reapedAgainMs = 10;
const reapedTries = 100;

interface Question {
  ticket: Ticket;
  startTicket: Ticket;
  instance: InstanceId;
  /** 0: the one that stands in pidFile. */
  pid: number;
  pidFile: string;
  timer: number;
  againMs: number;
  /** As it was told last. */
  reason: string;
}

type EndListener = Pick<ProcessListener, "exited">;

interface Watched {
  pid: number;
  slot: number;
  /** -1: there are no pidfds here, and init is its parent. */
  pidfd: number;
  timer: number;
  tries: number;
}

export class MainProcesses {
  private readonly shell: Shell;
  private readonly spawner: Spawner;
  private readonly trees: Trees;
  private readonly questions = new Map<Ticket, Question>();
  private readonly watched = new Map<Ticket, Watched>();
  /** What pid files were before the starts that are to write them. */
  private readonly before = new Map<Ticket, string>();

  constructor(shell: Shell, spawner: Spawner, trees: Trees) {
    this.shell = shell;
    this.spawner = spawner;
    this.trees = trees;
  }

  pidFileBefore(startTicket: Ticket, path: string): void {
    this.before.set(startTicket, fileStamp(path));
  }

  find(effect: Extract<Effect, { kind: "find-main" }>): void {
    const { ticket, startTicket, instance, pid, pidFile } = effect;
    const timer = this.shell.tickets.take();
    const question = { ticket, startTicket, instance, pid, pidFile, timer, againMs: againMsMin, reason: "" };
    this.questions.set(ticket, question);
    this.look(question);
  }

  stop(ticket: Ticket): void {
    const question = this.questions.get(ticket);
    if (question === undefined) return;
    this.questions.delete(ticket);
    this.before.delete(question.startTicket);
    this.shell.timers.cancel(question.timer);
  }

  private look(question: Question): void {
    const { ticket, pidFile, pid, timer } = question;
    const found = pid === 0 ? readPidFile(pidFile, this.before.get(question.startTicket) ?? "") : pid;
    const reason = typeof found === "string" ? found : this.take(question, found);
    if (reason === "") {
      this.stop(ticket);
      return;
    }
    if (reason !== question.reason) this.shell.emit({ kind: "main-refused", ticket, reason });
    question.reason = reason;
    if (pid !== 0) {
      this.stop(ticket);
      return;
    }
    this.shell.timers.arm(timer, Clock.monotonic, readNow().monotonicMs + question.againMs, () => this.look(question));
    question.againMs = Math.min(question.againMs * 2, againMsMax);
  }

  /** An empty text, and main-named was told; or why this process cannot be the main one. */
  private take(question: Question, pid: number): string {
    const { ticket, startTicket, instance } = question;
    const { processes } = this.shell;
    if (processes.pidOf(startTicket) === pid) {
      this.shell.emit({ kind: "main-named", ticket, pid, slot: processes.slotOf(startTicket) });
      return "";
    }
    // Before all that is asked about it, so that the answers are this very process's.
    const pidfd = host.openProcess(pid);
    const reason = this.refusal(question, pid, pidfd);
    const slot = reason === "" ? host.nameProcess(ticket, pid, instanceKey(instance)) : 0;
    if (reason !== "" || slot < 0) {
      if (pidfd >= 0) host.close(pidfd);
      return reason === "" ? `${pid}: ${host.errnoText(slot)}` : reason;
    }
    this.watch(ticket, { pid, slot, pidfd, timer: this.shell.tickets.take(), tries: 0 }, this.listener(question));
    this.shell.emit({ kind: "main-named", ticket, pid, slot });
    return "";
  }

  private refusal({ startTicket, instance }: Question, pid: number, pidfd: number): string {
    const { init, manager, logger } = host.roles();
    if ([init.pid, manager.pid, logger.pid].includes(pid)) return `${pid} is gonit itself`;
    if (pid === 1) return "1 is the first process of the system";
    const stat = readStat(pid);
    if (stat === null) return `there is no process ${pid}`;
    if (hasEnded(stat)) return `${pid} has ended`;
    if (pidfd < 0 && pidfd !== -ENOSYS) return `${pid}: ${host.errnoText(pidfd)}`;
    const { facts, cgroups } = this.shell;
    const leader = this.trees.leaderOf(startTicket);
    const isInGroup = (one: number) => cgroups.holds(instance, one);
    if (!belongsToStart(pid, stat, { instance, facts, leader, isInGroup }))
      return `${pid} is no process of this service`;
    if (pidfd < 0 && stat.parent !== init.pid) return `${pid} is not gonit's own child, and there are no pidfds here`;
    if (pidfd >= 0 && host.signalProcess(pidfd, 0) < 0) return `${pid} has ended`;
    return "";
  }

  private listener({ ticket, instance, startTicket }: Pick<OpenProcess, "ticket" | "instance" | "startTicket">) {
    const success = this.shell.service(instance.service)?.restart.success ?? [0];
    const process = { ticket, instance, startTicket, processKind: ProcessKind.main };
    return this.spawner.listener(process, success);
  }

  /** A process that an earlier manager took. Whether this answers find-main. */
  takeOver(process: OpenProcess, slot: SlotRecord | undefined): boolean {
    const { ticket, pid } = process;
    if (slot === undefined) {
      // The question is asked again; an end whose slot is free was taken by a manager that did not live to tell it.
      if (pid > 0) this.shell.emit(unknownEnd(ticket, pid));
      return false;
    }
    if (slot.pid === 0) {
      // A manager ended between the two stores of slots_name(): the question is asked again.
      host.takeExit(slot.slot);
      return false;
    }
    this.watchOver(ticket, slot.slot, slot.pid, this.listener(process));
    if (pid === 0) this.shell.emit({ kind: "main-named", ticket, pid: slot.pid, slot: slot.slot });
    return pid === 0;
  }

  /** A process that has its slot already. */
  watchOver(ticket: Ticket, slot: number, pid: number, process: EndListener): void {
    const watched = { pid, slot, pidfd: host.openProcess(pid), timer: this.shell.tickets.take(), tries: 0 };
    this.watch(ticket, watched, process);
    // It may have ended before there was a descriptor, and its number may be another's by now.
    if (watched.pidfd < 0) this.lookAfter(ticket);
  }

  private watch(ticket: Ticket, watched: Watched, process: EndListener): void {
    const { slot, pid, pidfd } = watched;
    this.watched.set(ticket, watched);
    const listener = {
      started: () => {},
      failed: () => {},
      exited: (exit: ExitRecord) => {
        const isTaken = process.exited(exit);
        if (isTaken) this.forget(ticket, watched);
        return isTaken;
      },
    };
    this.shell.processes.adopt(ticket, slot, pid, listener, pidfd);
    if (pidfd >= 0)
      this.shell.watches.add(pidfd, Poll.in, () => {
        this.shell.watches.remove(pidfd);
        this.lookAfter(ticket);
      });
  }

  private forget(ticket: Ticket, { pidfd, timer }: Watched): void {
    this.watched.delete(ticket);
    this.shell.timers.cancel(timer);
    if (pidfd < 0) return;
    this.shell.watches.remove(pidfd);
    host.close(pidfd);
  }

  /** It has ended. init records that if it is the parent; what another one has reaped is gone without a record. */
  private lookAfter(ticket: Ticket): void {
    const watched = this.watched.get(ticket);
    if (watched === undefined) return;
    const stat = readStat(watched.pid);
    // Looked at second: init records before it reaps, so one that is gone by now has its record, or will never have one.
    if (host.slots().some((slot) => slot.ticket === ticket && slot.exited)) return;
    if (stat !== null && !hasEnded(stat) && watched.pidfd < 0) return;
    if (stat === null || !hasEnded(stat) || watched.tries >= reapedTries) {
      this.shell.processes.lose(ticket);
      return;
    }
    watched.tries++;
    const atMs = readNow().monotonicMs + reapedAgainMs;
    this.shell.timers.arm(watched.timer, Clock.monotonic, atMs, () => this.lookAfter(ticket));
  }
}

function unknownEnd(ticket: Ticket, pid: number): Event {
  const unknown = { code: null, signal: null, core: false, cpuMs: 0, maxRssKib: 0 };
  return { kind: "process-exited", ticket, pid, ...unknown, lastLines: ["(how it ended was lost)"] };
}
