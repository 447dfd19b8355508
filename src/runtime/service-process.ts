/**
 * What becomes of a service's process, told to the engine: that it runs, that it could not be started, that it has ended. An
 * end that looks like a failure is told when its last words have arrived.
 *
 * A class, not three functions that share variables: a thousand of those were 1.3 MB.
 */

import { type ExitRecord, ProcessKind } from "../contract.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";
import type { ProcessListener } from "./processes.ts";
import type { ReadyPipes } from "./ready-pipes.ts";

const lastLineCount = 10;
/** How often, and how many times, an end that looks like a failure is asked again while its output is on its way. */
export const drainRetryMs = 2;
const drainRetries = 50;

/** What the rest of the manager is told, and knows, about main processes. */
export interface MainListener {
  /** It is about to be started: what stands in its pid file by now is not its own. */
  pidFileBefore(startTicket: Ticket, path: string): void;
  /** Its number names the process group of its start. */
  started(startTicket: Ticket, pid: number): void;
  /** Whether the engine has not been told yet that it runs: nobody listens to it before. */
  isStarting(instance: InstanceId): boolean;
  /** It has ended, and all that it wrote has arrived: a last look for the line that says that it is ready. */
  wroteAll(instance: InstanceId): void;
}

/** What the processes of all services work with. */
export interface ProcessSurroundings {
  shell: Shell;
  mains: MainListener;
  readyPipes: ReadyPipes;
  /** Why a program of a service does not run, in words. */
  problemOf(stage: number, errno: number, program: string, service: ServicePlan): string;
}

export interface ProcessName {
  ticket: Ticket;
  instance: InstanceId;
  startTicket: Ticket;
  /** ProcessKind.* */
  processKind: number;
}

export class ServiceProcess implements ProcessListener {
  private readonly around: ProcessSurroundings;
  private readonly ticket: Ticket;
  private readonly instance: InstanceId;
  private readonly startTicket: Ticket;
  private readonly isMain: boolean;
  /** Exit codes that are no failure. */
  private readonly success: number[];
  private readonly program: string;
  private drainTries = 0;

  /** `program`: what is to be run; of a process that runs already it is not asked. */
  constructor(around: ProcessSurroundings, name: ProcessName, success: number[], program = "") {
    this.around = around;
    this.ticket = name.ticket;
    this.instance = name.instance;
    this.startTicket = name.startTicket;
    this.isMain = name.processKind === ProcessKind.main;
    this.success = success;
    this.program = program;
  }

  started(pid: number, slot: number): void {
    const { shell, mains, readyPipes } = this.around;
    if (this.isMain) mains.started(this.ticket, pid);
    readyPipes.started(this.ticket);
    shell.emit({ kind: "spawn-succeeded", ticket: this.ticket, pid, slot });
  }

  failed(stage: number, errno: number): void {
    const { shell, readyPipes, problemOf } = this.around;
    readyPipes.ended(this.ticket);
    const service = shell.service(this.instance.service);
    const detail = service === undefined ? "" : problemOf(stage, errno, this.program, service);
    shell.emit({ kind: "spawn-failed", ticket: this.ticket, stage, errno, detail });
  }

  exited(exit: ExitRecord): boolean {
    const { ticket, instance, isMain } = this;
    const { shell, mains, readyPipes } = this.around;
    const failed = exit.signal !== null || !this.success.includes(exit.code ?? -1);
    const tellsByLine = isMain && shell.service(instance.service)?.ready.kind === "log";
    const speaks = tellsByLine || (isMain && shell.notify.hasSocket(instance));
    const isFollowed = shell.logs.isFollowed(instance);
    if ((failed || speaks || isFollowed) && !this.hasDrained(speaks)) return false;
    readyPipes.ended(ticket);
    if (tellsByLine) mains.wroteAll(instance);
    if (isMain && isFollowed) shell.logs.onLastWords(instance);
    shell.emit({
      kind: "process-exited",
      ticket,
      pid: exit.pid,
      code: exit.code,
      signal: exit.signal,
      core: exit.core,
      cpuMs: exit.cpuMs,
      maxRssKib: exit.maxRssKib,
      ...(isMain && failed ? this.because() : {}),
      lastLines: failed ? shell.logs.lastLines(instance, this.startTicket, lastLineCount) : [],
    });
    return true;
  }

  private because(): { because?: string } {
    const { shell } = this.around;
    const service = shell.service(this.instance.service);
    const because = service === undefined ? "" : shell.cgroups.outOfMemory(service, this.instance);
    return because === "" ? {} : { because };
  }

  /**
   * Whether the last words have arrived; after a bounded number of tries they are taken as they are. `speaks`: it may
   * have told gonit something, by a line or a message.
   */
  private hasDrained(speaks: boolean): boolean {
    const { instance, drainTries: tries } = this;
    const { shell, mains } = this.around;
    // A terminal's output reaches its master a moment later.
    const hasSettled = tries > 0 || shell.service(instance.service)?.tty?.device !== "";
    const heard = !speaks || (!mains.isStarting(instance) && shell.notify.isDrained(instance));
    if (tries >= drainRetries || (hasSettled && heard && shell.logs.isDrained(instance))) return true;
    this.drainTries++;
    return false;
  }
}
