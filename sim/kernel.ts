/**
 * A simulated kernel: processes, their trees, signals, timers and probes, in virtual time. It carries out the engine's
 * effects and tells what came of them as events. How processes behave is asked of a Behaviour. What a manager waits for stands
 * in files of its own: kernel-timers.ts, kernel-probes.ts, kernel-naming.ts, kernel-trees.ts.
 *
 * What the real kernel and init keep over the death of the manager (processes, results of spawns, exits, messages in a
 * socket) is kept here as well; what lives in the manager (timers, probes, waits) is lost by managerDied().
 */

import { ProcessKind, SignalScope, Stage } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";
import type { Event } from "../src/engine/event.ts";
import type { InstanceId, Ticket } from "../src/engine/instance.ts";
import type { Behaviour, LifeFate, NamingFate } from "./behaviour.ts";
import { Naming } from "./kernel-naming.ts";
import { Probes } from "./kernel-probes.ts";
import { Timers } from "./kernel-timers.ts";
import { TreeWaits } from "./kernel-trees.ts";
import { type NotifyMessage, notifyMessage } from "./notify-message.ts";
import { Schedule } from "./schedule.ts";

const SIGKILL = 9;
const firstPid = 100;

export interface Process {
  ticket: Ticket;
  start: Ticket;
  unit: string;
  instance: InstanceId;
  kind: number;
  pid: number;
  state: "spawning" | "running" | "gone";
  /** How many processes of this kind the unit had before. */
  nth: number;
  dying: boolean;
  /** Somebody listens to what it writes on its pipe of readiness. */
  hasReadyPipe: boolean;
}

/** A process that a service left behind or put beside itself. */
export interface Extra {
  start: Ticket;
  unit: string;
  pid: number;
  escaped: boolean;
  dying: boolean;
}

export class Kernel {
  readonly processes = new Map<Ticket, Process>();
  readonly extras = new Map<number, Extra>();
  readonly schedule = new Schedule();
  /** Facts that are told again when nobody has journalled them. */
  durable: Event[] = [];
  /** What a manager that dies before its turn forgets. */
  volatile: Event[] = [];
  private readonly behaviour: Behaviour;
  private readonly trees: TreeWaits;
  private readonly timers: Timers;
  private readonly probes: Probes;
  private readonly naming: Naming;
  private readonly counts = new Map<string, number>();
  private nextPid = firstPid;
  /** Counts the managers: what one of them scheduled must not reach the next. */
  private life = 1;

  constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.trees = new TreeWaits(this, behaviour);
    this.timers = new Timers(this);
    this.probes = new Probes(this, behaviour);
    this.naming = new Naming(this, behaviour);
  }

  get nowMs(): number {
    return this.schedule.nowMs;
  }

  /**
   * Its spawner dies with it: of the spawns that were asked for and not answered, every other one was begun and goes on,
   * the rest never happen.
   */
  managerDied(): void {
    this.life++;
    for (const process of [...this.processes.values()]) {
      if (process.state !== "spawning" || process.ticket % 2 === 0) continue;
      this.forget(process);
      this.spawned.delete(process.ticket);
    }
    this.volatile = [];
    this.trees.clear();
    this.timers.clear();
    this.probes.clear();
    this.naming.clear();
  }

  /** A process that no manager knows any more. */
  forget(process: Process): void {
    process.state = "gone";
    this.processes.delete(process.ticket);
  }

  /** A process that is taken over without its state: its start is known by its ticket from now on. */
  adopt(process: Process): void {
    process.hasReadyPipe = false;
    const { ticket, start } = process;
    for (const extra of this.extras.values()) if (extra.start === start) extra.start = ticket;
    process.start = ticket;
    this.durable = this.durable.filter((event) => !(isStartSign(event) && event.ticket === ticket));
  }

  /**
   * What has ended and was told is known to nobody any more: it may be spawned again. So may what never began, also by a
   * state of a time before that, for which the answer that is on its way means nothing.
   */
  forgetEnded(): void {
    const answers = this.durable.filter(({ kind }) => kind !== "spawn-failed");
    const told = new Set(answers.map((event) => ("ticket" in event ? event.ticket : 0)));
    for (const ticket of this.spawned.keys())
      if (!this.processes.has(ticket) && !told.has(ticket)) this.spawned.delete(ticket);
  }

  /** Main processes that run, and those whose end was not taken by a manager: what stands in the slots. */
  mainsInSlots(): Process[] {
    const ended = this.durable.flatMap((event) => (event.kind === "process-exited" ? [event.ticket] : []));
    const found = [...this.processes.values()].filter(({ state }) => state === "running");
    for (const ticket of ended) found.push(...[this.spawned.get(ticket) ?? []].flat());
    return found.filter(({ kind }) => kind === ProcessKind.main);
  }

  setWallOffset(offsetMs: number): void {
    this.timers.setWallOffset(offsetMs);
  }

  perform(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        this.spawn(effect);
        return;
      case "cancel-spawn":
        this.cancelSpawn(effect.ticket);
        return;
      case "signal":
        this.signal(effect);
        return;
      case "signal-handler":
        this.signalHandler(effect);
        return;
      case "await-tree":
        this.trees.begin(effect.ticket, effect.startTicket);
        return;
      case "kill-tree":
        this.killTree(effect);
        return;
      case "forget-tree":
        this.trees.forget(effect.ticket);
        return;
      case "arm-timer":
        this.timers.arm(effect);
        return;
      case "cancel-timer":
        this.timers.cancel(effect.ticket);
        return;
      case "start-probe":
      case "watch-log":
        this.probes.start(effect);
        return;
      case "find-main":
        this.naming.begin(effect);
        return;
      case "stop-probe":
        this.probes.stop(effect.ticket);
        this.naming.stop(effect.ticket);
        return;
      default:
    }
  }

  /** The starts of a unit that living processes belong to. */
  startsOf(unit: string): Ticket[] {
    const starts: Ticket[] = [];
    for (const process of this.processes.values()) {
      if (process.unit === unit && process.state !== "gone") starts.push(process.start);
    }
    for (const extra of this.extras.values()) if (extra.unit === unit) starts.push(extra.start);
    return starts;
  }

  /** Living processes of all units. */
  count(): number {
    return this.processes.size + this.extras.size;
  }

  mainOf(unit: string): Process | undefined {
    let found: Process | undefined;
    for (const process of this.processes.values()) {
      if (process.unit === unit && process.kind === ProcessKind.main && process.state === "running") found = process;
    }
    return found;
  }

  /** The program that was started, also beside a main process that was named since. */
  starterOf(unit: string): Process | undefined {
    return [...this.processes.values()].find((one) => one.unit === unit && one.ticket === one.start);
  }

  /** In the life of this manager only. */
  later(atMs: number, action: () => void): void {
    const life = this.life;
    this.schedule.at(atMs, () => {
      if (life === this.life) action();
    });
  }

  /** How often this was asked before. */
  countUp(key: string): number {
    const count = this.counts.get(key) ?? 0;
    this.counts.set(key, count + 1);
    return count;
  }

  /** What a manager that dies before its turn forgets. */
  tellManager(event: Event): void {
    this.volatile.push(event);
  }

  /** All that were spawned and that somebody may still know. */
  private spawned = new Map<Ticket, Process>();

  /** A spawn that was begun: its answer came, or will come. */
  wasSpawned(ticket: Ticket): boolean {
    return this.spawned.has(ticket);
  }

  private newPid(): number {
    if (this.behaviour.reusesPids !== true) return this.nextPid++;
    const used = new Set(this.extras.keys());
    for (const { pid } of this.processes.values()) used.add(pid);
    let pid = firstPid;
    while (used.has(pid)) pid++;
    return pid;
  }

  private spawn(effect: Extract<Effect, { kind: "spawn" }>): void {
    if (this.spawned.has(effect.ticket)) throw new Error(`check: ticket ${effect.ticket} is spawned twice`);
    const unit = effect.instance.service;
    const process: Process = {
      ticket: effect.ticket,
      start: effect.startTicket,
      unit,
      instance: effect.instance,
      kind: effect.processKind,
      pid: 0,
      state: "spawning",
      nth: this.countUp(`${unit}/${effect.processKind}`),
      dying: false,
      hasReadyPipe: effect.readyFd !== null,
    };
    this.processes.set(effect.ticket, process);
    this.spawned.set(effect.ticket, process);
    const fate = this.behaviour.spawn(process);
    if (fate.hangs) return;
    this.schedule.in(fate.afterMs, () => {
      if (process.state !== "spawning") return;
      if (fate.stage !== Stage.none) this.failSpawn(process, fate.stage, fate.errno);
      else this.run(process);
    });
  }

  private failSpawn(process: Process, stage: number, errno: number): void {
    process.state = "gone";
    this.processes.delete(process.ticket);
    const detail = this.behaviour.failureDetail?.(process, stage, errno) ?? `stage ${stage} errno ${errno}`;
    this.durable.push({ kind: "spawn-failed", ticket: process.ticket, stage, errno, detail });
  }

  private run(process: Process): void {
    process.state = "running";
    process.pid = this.newPid();
    this.durable.push({ kind: "spawn-succeeded", ticket: process.ticket, pid: process.pid, slot: process.pid % 4096 });
    const life = this.behaviour.life(process);
    for (let count = 0; count < life.extras; count++) {
      const extra = {
        start: process.start,
        unit: process.unit,
        pid: this.newPid(),
        escaped: life.extrasEscape,
        dying: false,
      };
      this.extras.set(extra.pid, extra);
      if (life.extrasEndAfterMs !== null) this.schedule.in(life.extrasEndAfterMs, () => this.endExtra(extra));
    }
    if (life.exitsAfterMs !== null)
      this.schedule.in(life.exitsAfterMs, () => this.end(process, life.code, life.signal, life.because));
    for (const { afterMs, sign } of life.signs) this.schedule.in(afterMs, () => this.tell(process, sign));
  }

  /** Signs of readiness that the process gives. */
  tell(process: Process, sign: LifeFate["signs"][number]["sign"]): void {
    if (process.state !== "running") return;
    if (!process.hasReadyPipe && (sign === "line" || sign === "closed")) return;
    if (sign === "line") this.durable.push({ kind: "ready-line", ticket: process.ticket });
    else if (sign === "closed") this.durable.push({ kind: "ready-closed", ticket: process.ticket });
    else if (sign === "ready") this.notify(process, { ready: true, status: "serving" });
    // To one of those that it has put beside itself; the answer says which.
    else if (sign === "hands-over") this.notify(process, { mainPid: 1_000_000 });
    else if (sign === "alive") this.notify(process, { watchdog: "alive" });
    else this.notify(process, sign === "error" ? { errno: 5 } : { reloading: true });
  }

  /** A message of the process to its notify socket. */
  notify(process: Process, fields: Partial<NotifyMessage>): void {
    this.durable.push(notifyMessage({ instance: process.instance, ticket: process.start }, fields));
  }

  end(process: Process, code: number | null, signal: number | null, because = ""): void {
    if (process.state !== "running") return;
    process.state = "gone";
    this.processes.delete(process.ticket);
    this.durable.push({
      kind: "process-exited",
      ticket: process.ticket,
      pid: process.pid,
      code,
      signal,
      core: false,
      cpuMs: 0,
      maxRssKib: 0,
      ...(because === "" ? {} : { because }),
      lastLines: code === 0 ? [] : [`last line of ${process.unit}`],
    });
    this.trees.lookAt(process.start);
  }

  endExtra(extra: Extra): void {
    if (!this.extras.delete(extra.pid)) return;
    this.trees.lookAt(extra.start);
  }

  private cancelSpawn(ticket: Ticket): void {
    const process = this.processes.get(ticket);
    if (process === undefined) this.durable.push(cancelled(ticket));
    if (process === undefined || process.state !== "spawning") return;
    this.schedule.in(1, () => {
      if (process.state === "spawning") this.failSpawn(process, Stage.timeLimit, 0);
    });
  }

  private signalHandler(effect: Extract<Effect, { kind: "signal-handler" }>): void {
    const { ticket, processTicket, scope } = effect;
    const process = this.processes.get(processTicket);
    const nth = this.countUp(`${effect.instance.service}/reload`);
    const fate = process === undefined ? undefined : this.behaviour.handles?.(process, nth);
    const { afterMs, isHandled } = fate ?? { afterMs: 0, isHandled: true };
    const isSent = isHandled || scope !== SignalScope.process;
    if (isSent) this.signal({ ...effect, kind: "signal", ticket: processTicket });
    const event: Event = { kind: isSent ? "signal-sent" : "signal-unhandled", ticket };
    if (afterMs === 0) this.tellManager(event);
    else this.later(this.nowMs + afterMs, () => this.tellManager(event));
  }

  private signal(effect: Extract<Effect, { kind: "signal" }>): void {
    const { signal, scope } = effect;
    const main = this.processes.get(effect.ticket);
    if (scope !== SignalScope.tree) {
      if (main !== undefined) this.signalProcess(main, signal);
      if (scope === SignalScope.group && main !== undefined) this.signalExtras(main.start, signal, false);
      return;
    }
    for (const process of [...this.processes.values()]) {
      if (process.start === effect.startTicket) this.signalProcess(process, signal);
    }
    this.signalExtras(effect.startTicket, signal, true);
  }

  private signalProcess(process: Process, signal: number): void {
    if (process.state !== "running" || process.dying) return;
    const fate = this.behaviour.signal(process, signal);
    if (fate.endsAfterMs === null) return;
    process.dying = signal === SIGKILL;
    this.schedule.in(fate.endsAfterMs, () => this.end(process, fate.code, fate.code === null ? signal : null));
  }

  private signalExtras(start: Ticket, signal: number, withEscaped: boolean): void {
    for (const extra of this.extras.values()) {
      if (extra.start !== start || extra.dying || (extra.escaped && !withEscaped)) continue;
      const afterMs = this.behaviour.extraSignal(extra.unit, signal);
      if (afterMs === null) continue;
      extra.dying = signal === SIGKILL;
      this.schedule.in(afterMs, () => this.endExtra(extra));
    }
  }

  private killTree(effect: Extract<Effect, { kind: "kill-tree" }>): void {
    const { ticket, startTicket: start, scope } = effect;
    this.trees.beginKill(ticket, start, scope);
    const main = this.mainOfStart(start);
    for (const process of [...this.processes.values()]) {
      if (process.start === start && (scope === SignalScope.tree || process === main))
        this.signalProcess(process, SIGKILL);
    }
    if (scope !== SignalScope.process) this.signalExtras(start, SIGKILL, scope === SignalScope.tree);
  }

  mainPid(start: Ticket): number[] {
    const main = this.mainOfStart(start);
    return main !== undefined && main.state === "running" ? [main.pid] : [];
  }

  /** The program that was started, or what was named in its place last. */
  private mainOfStart(start: Ticket): Process | undefined {
    const mains = [...this.processes.values()].filter((one) => one.start === start && one.kind === ProcessKind.main);
    return mains.at(-1);
  }

  pidsOf(start: Ticket): number[] {
    const pids: number[] = [];
    for (const process of this.processes.values()) {
      if (process.start === start && process.state === "running") pids.push(process.pid);
    }
    for (const extra of this.extras.values()) if (extra.start === start) pids.push(extra.pid);
    return pids;
  }

  /** The answer to the open question who a unit's main process is. */
  nameMain(unit: string, what: NamingFate["what"]): void {
    this.naming.answerFor(unit, what);
  }

  /** A process that was put beside the service becomes its main one. */
  takeExtra(ticket: Ticket, find: Extract<Effect, { kind: "find-main" }>, { pid }: Extra): Process {
    this.extras.delete(pid);
    const { startTicket: start, instance } = find;
    const unit = instance.service;
    const nth = this.countUp(`${unit}/daemon`);
    const kind = ProcessKind.main;
    const process: Process = {
      ticket,
      start,
      unit,
      instance,
      kind,
      pid,
      state: "running",
      nth,
      dying: false,
      hasReadyPipe: false,
    };
    this.processes.set(ticket, process);
    this.spawned.set(ticket, process);
    return process;
  }
}

function cancelled(ticket: Ticket): Event {
  return { kind: "spawn-failed", ticket, stage: Stage.timeLimit, errno: 0, detail: "never begun" };
}

function isStartSign(
  event: Event,
): event is Extract<Event, { kind: "spawn-succeeded" | "ready-line" | "ready-closed" }> {
  return event.kind === "spawn-succeeded" || event.kind === "ready-line" || event.kind === "ready-closed";
}
