/**
 * The programs of `gonit simulate`. Each works unless a fault says otherwise: it begins to run within a millisecond,
 * becomes ready after a little while, runs until it is told to end, and obeys; a task ends with 0 after about a second.
 * How long "a little while" is depends on the seed and the name, so that other seeds give other orders.
 */

import { ProcessKind, Stage } from "../src/contract.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import {
  type Behaviour,
  fails,
  type LifeFate,
  lives,
  type NamingFate,
  runs,
  type SignalFate,
  type SpawnFate,
} from "./behaviour.ts";
import { hash } from "./chance.ts";
import { type Cast, Faults } from "./faults.ts";
import type { Kernel, Process } from "./kernel.ts";
import { bootMs } from "./simulate-boot.ts";
import { errnoText } from "./simulate-errno.ts";
import type { Chance, EndOfProgram, Fault, FaultAction } from "./simulate-faults.ts";

const SIGKILL = 9;
const ENOENT = 2;
const EIO = 5;
/** Signals that end no program which does not ask for them: CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH. */
const harmless = [17, 18, 19, 20, 21, 22, 23, 28];

/** Typical times in milliseconds; half as much more or less by seed and name. */
const typical = { ready: 300, task: 1000, stop: 40, command: 30, diskFull: 100 };

const fewPercent = 40;

export interface ProgramOptions {
  seed: number;
  chance: Chance;
  faults: Fault[];
  cast: Cast;
}

type Kind = FaultAction["kind"];
type Action<Name extends Kind> = Extract<FaultAction, { kind: Name }>;

export class Programs implements Behaviour {
  /** What made a process end or a start fail, by ticket: the text of a fault. */
  readonly blame = new Map<number, string>();
  /** What keeps a service from being ready, and from ending when it is asked to, by name. */
  readonly lateBy = new Map<string, string>();
  readonly stubbornBy = new Map<string, string>();
  /** Set as soon as there is one: the world makes it. */
  kernel: Kernel | null = null;
  private readonly options: ProgramOptions;
  private readonly random: Faults;
  private readonly uses = new Map<Fault, number>();
  /** When each service's program was last begun, and when it is ready; null: never. */
  private readonly readyAt = new Map<string, number | null>();
  /** When and how the daemon ends that a program leaves. */
  private readonly daemonEnds = new Map<string, { atMs: number; code: number | null; signal: number | null }>();

  constructor(options: ProgramOptions) {
    this.options = options;
    this.random = new Faults(options.seed, options.cast);
  }

  private get nowMs(): number {
    return (this.kernel?.nowMs ?? bootMs) - bootMs;
  }

  private about(typicalMs: number, what: string, unit: string, nth = 0): number {
    const share = hash(this.options.seed, what, unit, nth) % 101;
    return Math.round((typicalMs * (50 + share)) / 100);
  }

  /** Whether chance has its say in this question. */
  private isByChance(what: string, unit: string, nth: number): boolean {
    const { chance, seed } = this.options;
    return chance === "many" || (chance === "few" && hash(seed, "chance", what, unit, nth) % 100 < fewPercent);
  }

  /** The first fault of a kind that is in force for a unit now. `use`: it happens, which counts for `N times`. */
  private find<Name extends Kind>(
    kind: Name,
    unit: string,
    part: number,
    use = false,
  ): (Fault & { action: Action<Name> }) | null {
    for (const fault of this.options.faults) {
      const { action, when, names } = fault;
      if (action.kind !== kind || fault.part !== part || !names.includes(unit) || !this.isInForce(fault)) continue;
      const limit = when.once === undefined ? when.times : 1;
      const used = this.uses.get(fault) ?? 0;
      if (limit !== undefined && used >= limit) continue;
      if (use) this.uses.set(fault, used + 1);
      return fault as Fault & { action: Action<Name> };
    }
    return null;
  }

  private isInForce({ when }: Fault): boolean {
    const { from, until } = windowOf(when);
    return this.nowMs >= from && this.nowMs < until;
  }

  spawn(process: Process): SpawnFate {
    const { unit, kind, ticket, nth } = process;
    const failed = this.find("start-fails", unit, kind, true) ?? this.findFork(unit);
    if (failed !== null) {
      this.blame.set(ticket, failed.text);
      return fails(failed.action.stage, failed.action.errno);
    }
    const hanging = this.find("hangs", unit, kind, true);
    if (hanging !== null) {
      this.blame.set(ticket, hanging.text);
      this.lateBy.set(unit, hanging.text);
      return { ...runs, hangs: true };
    }
    if (!this.isByChance(`spawn${kind}`, unit, nth)) return runs;
    const fate = plausible(this.random.spawn(process));
    if (fate.stage !== Stage.none || fate.hangs) this.blame.set(ticket, "by chance");
    return fate;
  }

  /** No fork is no fork, also for its commands. */
  private findFork(unit: string) {
    const fault = this.find("start-fails", unit, ProcessKind.main);
    return fault?.action.stage === Stage.clone ? fault : null;
  }

  failureDetail({ unit, kind }: Process, stage: number, errno: number): string {
    const plan = this.options.cast.service(unit);
    const program = (kind === ProcessKind.main ? plan?.command?.argv[0] : undefined) ?? "its program";
    const why = errnoText(errno);
    if (stage === Stage.exec) return `cannot run ${program}: ${why}`;
    if (stage === Stage.directory) return `cannot enter the directory ${plan?.directory ?? ""}: ${why}`;
    if (stage === Stage.lookupUser)
      return errno === ENOENT ? `there is no user ${plan?.user ?? ""}` : `cannot read the users: ${why}`;
    if (stage === Stage.timeLimit) return `${program} did not begin to run within its time limit`;
    if (stage === Stage.killed) return "it was killed before its program ran";
    return `no process could be started now: ${why}`;
  }

  life(process: Process): LifeFate {
    const { unit, kind, nth, ticket } = process;
    const plan = this.options.cast.service(unit);
    let life = kind === ProcessKind.main ? this.program(process, plan) : this.command(process);
    const isByChance = this.isByChance(`life${kind}`, unit, nth);
    if (isByChance) {
      life = this.random.life(process);
      const isMeantToEnd = kind !== ProcessKind.main || plan?.type === "task" || forks(plan);
      if (life.exitsAfterMs !== null && !(isMeantToEnd && life.code === 0)) this.blame.set(ticket, "by chance");
    }
    if (kind === ProcessKind.main) this.misbehave(process, plan, life);
    else this.misbehaveAsCommand(process, life);
    if (kind === ProcessKind.main && !isByChance) this.addSign(unit, plan, life);
    return life;
  }

  /** A service's program that works. */
  private program({ unit, nth }: Process, plan: ServicePlan | undefined): LifeFate {
    const life: LifeFate = { ...lives, signs: [] };
    const readyMs = this.about(typical.ready, "ready", unit);
    this.readyAt.set(unit, this.nowMs + readyMs);
    this.stubbornBy.delete(unit);
    if (plan?.type === "task") life.exitsAfterMs = this.about(typical.task, "task", unit, nth);
    else if (forks(plan)) {
      // It forks, and the child goes on.
      life.exitsAfterMs = readyMs;
      life.extras = 1;
    }
    return life;
  }

  /** The pid file of a daemon that forks is there when its program has ended. */
  naming(unit: string): NamingFate | null {
    const readyMs = this.readyAt.get(unit) ?? null;
    if (readyMs === null) return null;
    const afterMs = Math.max(0, readyMs - this.nowMs) + 1;
    const end = this.daemonEnds.get(unit);
    this.daemonEnds.delete(unit);
    if (end === undefined) return { afterMs, what: "another", exitsAfterMs: null, code: null, signal: null };
    const { code, signal } = end;
    return { afterMs, what: "another", exitsAfterMs: Math.max(0, end.atMs - this.nowMs - afterMs), code, signal };
  }

  private command({ unit, kind, start }: Process): LifeFate {
    const ms = this.about(typical.command, `command${kind}`, unit);
    const isObeyed =
      this.find("ignores", unit, ProcessKind.main) === null && this.find("runs-for", unit, kind) === null;
    if (kind === ProcessKind.stop && isObeyed && this.find("ends", unit, kind) === null)
      this.kernel?.schedule.in(ms + this.stopMs(unit), () => this.endByCommand(start));
    return { ...lives, exitsAfterMs: ms };
  }

  /** The stop command has told the service to end. */
  private endByCommand(start: number): void {
    const main = this.kernel?.processes.get(start);
    if (main !== undefined) this.kernel?.end(main, 0, null);
  }

  private misbehave(process: Process, plan: ServicePlan | undefined, life: LifeFate): void {
    const { unit, ticket } = process;
    const takes = this.find("runs-for", unit, ProcessKind.main, true);
    if (takes !== null) life.exitsAfterMs = takes.action.ms;
    const leaves = this.find("leaves", unit, ProcessKind.main, true);
    if (leaves !== null) life.extras += leaves.action.count;
    this.delayReadiness(unit, plan, life);
    const full = this.find("disk-full", unit, ProcessKind.main);
    if (full !== null) {
      this.endLife(life, typical.diskFull, { code: 1, signal: null });
      this.neverReady(unit, life);
      this.blame.set(ticket, full.text);
    }
    for (const fault of this.options.faults) this.endByFault(process, fault, life);
  }

  /** `exits 1 after 3s`: of several the first one happens. `exits 1 at 3s` is none of this. */
  private endByFault({ unit, ticket }: Process, fault: Fault, life: LifeFate): void {
    const { action, when, names, part } = fault;
    if (action.kind !== "ends" || when.at !== undefined || part !== ProcessKind.main || !names.includes(unit)) return;
    if (!this.isInForce(fault) || this.isUsedUp(fault)) return;
    this.uses.set(fault, (this.uses.get(fault) ?? 0) + 1);
    const afterMs = when.after ?? 0;
    if (life.exitsAfterMs !== null && life.exitsAfterMs < afterMs) {
      this.daemonEnds.set(unit, { atMs: this.nowMs + afterMs, code: action.code, signal: action.signal });
      return;
    }
    this.endLife(life, afterMs, action);
    this.blame.set(ticket, fault.text);
  }

  private isUsedUp(fault: Fault): boolean {
    const limit = fault.when.once === undefined ? fault.when.times : 1;
    return limit !== undefined && (this.uses.get(fault) ?? 0) >= limit;
  }

  private endLife(life: LifeFate, afterMs: number, { code, signal, because }: EndOfProgram): void {
    life.exitsAfterMs = afterMs;
    Object.assign(life, { code, signal, because });
  }

  private delayReadiness(unit: string, plan: ServicePlan | undefined, life: LifeFate): void {
    const never = this.find("never-ready", unit, ProcessKind.main, true);
    const late = this.find("ready-after", unit, ProcessKind.main, true);
    this.lateBy.set(unit, (never ?? late)?.text ?? "");
    if (late !== null) {
      this.readyAt.set(unit, this.nowMs + late.action.ms);
      if (forks(plan) || plan?.type === "task") life.exitsAfterMs = late.action.ms;
    }
    if (never === null) return;
    const { until } = windowOf(never.when);
    if (until === Number.POSITIVE_INFINITY) {
      this.neverReady(unit, life);
      if (forks(plan) || plan?.type === "task") life.exitsAfterMs = null;
    } else this.readyAt.set(unit, Math.max(until, this.readyAt.get(unit) ?? 0));
  }

  private neverReady(unit: string, life: LifeFate): void {
    this.readyAt.set(unit, null);
    life.signs = life.signs.filter(({ sign }) => sign !== "ready" && sign !== "line");
  }

  private addSign(unit: string, plan: ServicePlan | undefined, life: LifeFate): void {
    const kind = plan?.ready.kind;
    const atMs = this.readyAt.get(unit) ?? null;
    if (atMs === null || (kind !== "notify" && kind !== "fd")) return;
    life.signs.push({ afterMs: Math.max(0, atMs - this.nowMs), sign: kind === "fd" ? "line" : "ready" });
  }

  private misbehaveAsCommand({ unit, kind, ticket }: Process, life: LifeFate): void {
    const takes = this.find("runs-for", unit, kind, true);
    if (takes !== null) {
      life.exitsAfterMs = Number.isFinite(takes.action.ms) ? takes.action.ms : null;
      this.blame.set(ticket, takes.text);
    }
    const ends = this.find("ends", unit, kind, true);
    if (ends === null) return;
    life.code = ends.action.code;
    if (ends.when.after !== undefined) life.exitsAfterMs = ends.when.after;
    this.blame.set(ticket, ends.text);
  }

  private stopMs(unit: string): number {
    const slow = this.find("stops-after", unit, ProcessKind.main);
    if (slow !== null) this.stubbornBy.set(unit, slow.text);
    return slow?.action.ms ?? this.about(typical.stop, "stop", unit);
  }

  signal(process: Process, signal: number): SignalFate {
    const { unit, kind, nth } = process;
    if (signal === SIGKILL) {
      const survives = this.find("survives-kill", unit, kind);
      if (survives !== null) return { endsAfterMs: survives.action.ms, code: null };
    } else if (this.isIgnored(unit, kind, signal)) return { endsAfterMs: null, code: null };
    if (this.isByChance(`signal${kind}-${signal}`, unit, nth)) return this.random.signal(process, signal);
    if (signal === SIGKILL) return { endsAfterMs: 1, code: null };
    const plan = this.options.cast.service(unit);
    const isReload = plan?.reload.kind === "signal" && plan.reload.signal === signal;
    if (harmless.includes(signal) || (isReload && kind === ProcessKind.main)) return { endsAfterMs: null, code: null };
    const isAskedToStop = kind === ProcessKind.main && signal === plan?.stop.signal;
    return { endsAfterMs: this.stopMs(unit), code: isAskedToStop ? 0 : null };
  }

  private isIgnored(unit: string, kind: number, signal: number): boolean {
    const fault = this.find("ignores", unit, kind);
    if (fault === null || (fault.action.signal !== 0 && fault.action.signal !== signal)) return false;
    this.stubbornBy.set(unit, fault.text);
    return true;
  }

  extraSignal(unit: string, signal: number): number | null {
    if (signal === SIGKILL) return this.find("survives-kill", unit, ProcessKind.main)?.action.ms ?? 1;
    if (harmless.includes(signal) || this.isIgnored(unit, ProcessKind.main, signal)) return null;
    return this.stopMs(unit);
  }

  probe(unit: string, nth: number, tries: number): { afterMs: number; ok: boolean } | null {
    const atMs = this.readyAt.get(unit) ?? null;
    if (atMs === null) return null;
    if (atMs <= this.nowMs || !this.isByChance("probe", unit, nth)) {
      return { afterMs: Math.max(0, atMs - this.nowMs), ok: true };
    }
    return this.random.probe(unit, nth, tries);
  }

  treeMs(): number {
    return 0;
  }
}

/** What is missing for good does not come by chance: it is told by a fault of its own. */
function plausible(fate: SpawnFate): SpawnFate {
  const isForGood = fate.stage === Stage.lookupUser || (fate.stage === Stage.exec && fate.errno === ENOENT);
  return isForGood ? { ...fate, stage: Stage.exec, errno: EIO } : fate;
}

/** When a fault that is a condition begins and ends; `at` is when it begins. */
export function windowOf(when: Fault["when"]): { from: number; until: number } {
  const from = when.from ?? when.at ?? 0;
  const until = when.until ?? (when.for === undefined ? Number.POSITIVE_INFINITY : from + when.for);
  return { from, until };
}

/** Its program ends with success when it is ready, and leaves a process. */
function forks(plan: ServicePlan | undefined): boolean {
  return plan !== undefined && (plan.ready.kind === "exit" || plan.pidFile !== "");
}
