/**
 * `gonit simulate`: a configuration's system in virtual time. The engine is the one that runs as process 1; what it acts
 * on is the simulated kernel, with programs that work unless a fault says otherwise. Same seed and same sentences, same run.
 */

import { ProcessKind } from "../src/contract.ts";
import { engineOf } from "../src/engine/engine.ts";
import type { Plan, ServicePlan } from "../src/engine/plan.ts";
import { systemState, systemStatus } from "../src/engine/view-status.ts";
import { hash } from "./chance.ts";
import { bootMs } from "./simulate-boot.ts";
import type { Expectation } from "./simulate-expectations.ts";
import type { Chance, EndOfProgram, Fault } from "./simulate-faults.ts";
import { History } from "./simulate-history.ts";
import type { Order } from "./simulate-orders.ts";
import { Programs, windowOf } from "./simulate-programs.ts";
import { timeText } from "./simulate-time.ts";
import { type Entry, Timeline } from "./simulate-timeline.ts";
import { World } from "./world.ts";

/** How long a system that never comes to rest is looked at, beyond the last time that a sentence names. */
const restlessMs = 600_000;
/** A run that does more than this is cut short: what it would still do is more of the same. */
const turnsMax = 100_000;
/** Chance has its say in this time only, so that one can see whether the system comes to rest. */
const chanceMs = 300_000;
const SIGKILL = 9;
const SIGSEGV = 11;

export interface SimulationOptions {
  plan: Plan;
  seed: number;
  /** Null: until nothing happens any more, or for restlessMs. */
  forMs: number | null;
  chance: Chance;
  faults: Fault[];
  orders: Order[];
  expectations: Expectation[];
}

export interface ServiceSummary {
  name: string;
  /** The state as `gonit status` shows it. */
  state: string;
  reason: string;
  firstReadyMs: number | null;
  restarts: number;
  /** Time in which it was wanted and not ready, since it was ready for the first time. */
  outageMs: number;
  /** The outage goes on. */
  isOut: boolean;
}

export interface Simulation {
  entries: Entry[];
  services: ServiceSummary[];
  /** As `gonit status` shows it, or `down`. */
  state: string;
  endMs: number;
  /** Why the simulation ended: nothing happens any more, the system is down, its time was over, or it did too much. */
  end: "quiet" | "down" | "time" | "busy";
  exitCode: number | null;
  expectations: { text: string; holds: boolean; because: string }[];
  /** A rule of gonit's own that did not hold: a fault of gonit. */
  broken: { atMs: number; message: string } | null;
}

export function simulate(options: SimulationOptions): Simulation {
  return new Run(options).simulation();
}

class Run {
  private readonly options: SimulationOptions;
  private readonly history = new History();
  private readonly programs: Programs;
  private readonly timeline: Timeline;
  private readonly world: World;
  private readonly definitions = new Map<string, ServicePlan>();
  private end: Simulation["end"] = "time";
  private broken: Simulation["broken"] = null;

  constructor(options: SimulationOptions) {
    this.options = options;
    const { seed, chance, faults, plan } = options;
    this.learn(plan);
    this.programs = new Programs({ seed, chance, faults, cast: { service: (name) => this.definitions.get(name) } });
    this.timeline = new Timeline(this.history, this.programs);
    this.world = new World({
      seed,
      behaviour: this.programs,
      watch: (what, world) => this.timeline.watch(what, world),
    });
    this.programs.kernel = this.world.kernel;
  }

  private learn(plan: Plan): void {
    for (const service of plan.services) this.definitions.set(service.name, service);
  }

  simulation(): Simulation {
    try {
      this.run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.broken = { atMs: this.elapsedMs, message };
    }
    // Timers that were cancelled are no happening.
    this.history.endMs = this.end === "quiet" ? (this.timeline.entries.at(-1)?.atMs ?? 0) : this.elapsedMs;
    return this.summary();
  }

  private get elapsedMs(): number {
    return this.world.nowMs - bootMs;
  }

  private run(): void {
    const { plan, forMs } = this.options;
    this.schedule();
    this.world.load(plan);
    this.timeline.afterTurns(this.world);
    const limitMs = forMs ?? this.lastNamedMs() + restlessMs;
    this.advance(limitMs);
    this.tellUnreached();
    if (!this.needsShutdown() || this.world.finished !== null) return;
    this.timeline.add(this.world, "request", "shutdown", "an expectation speaks of it");
    this.request({ verb: "shutdown", mode: 1, exitCode: null, force: false, reason: "asked for by gonit shutdown" });
    this.advance(this.elapsedMs + restlessMs);
  }

  /** The system was down before these could come. */
  private tellUnreached(): void {
    const { downMs } = this.history;
    if (downMs === null) return;
    const why = "never comes: the system is down";
    for (const { text, when } of this.options.faults)
      if ((when.at ?? when.from ?? 0) > downMs) this.timeline.add(this.world, "fault", text, why, "fault");
    for (const { text, atMs } of this.options.orders)
      if (atMs > downMs) this.timeline.add(this.world, "request", text, why, "fault");
  }

  private needsShutdown(): boolean {
    return this.history.shutdownMs === null && this.options.expectations.some((one) => one.needsShutdown);
  }

  private request(request: Parameters<World["request"]>[0]): void {
    this.world.request(request);
    this.timeline.afterTurns(this.world);
  }

  private lastNamedMs(): number {
    const { faults, orders, expectations } = this.options;
    return Math.max(
      0,
      ...faults.flatMap(({ when }) => [when.at ?? 0, finite(windowOf(when).until)]),
      ...orders.map(({ atMs }) => atMs),
      ...expectations.map(({ untilMs }) => untilMs),
    );
  }

  private advance(limitMs: number): void {
    const { kernel } = this.world;
    const untilMs = bootMs + limitMs;
    for (let turns = 0; turns < turnsMax; turns++) {
      if (this.world.finished !== null) {
        this.end = "down";
        return;
      }
      if (!kernel.schedule.runNext(untilMs)) {
        this.end = kernel.schedule.nextMs() === null ? "quiet" : "time";
        if (this.end === "time") kernel.schedule.nowMs = untilMs;
        return;
      }
      this.world.settleNow();
      this.timeline.afterTurns(this.world);
    }
    this.end = "busy";
  }

  /** Everything that happens at a time that is known beforehand. */
  private schedule(): void {
    const { faults, orders } = this.options;
    for (const fault of faults) this.scheduleFault(fault);
    for (const order of orders) this.at(order.atMs, () => this.carryOut(order));
    this.scheduleChance();
  }

  /** What chance does beside the programs' own misbehaviour: crashes of the manager, sudden deaths. */
  private scheduleChance(): void {
    const { chance, seed, plan } = this.options;
    if (chance === "none" || plan.services.length === 0) return;
    const isMany = chance === "many";
    for (let nth = 0; nth < (isMany ? 6 : 1); nth++)
      this.at(hash(seed, "manager crash", nth) % chanceMs, () => this.crashManager("by chance"));
    for (let nth = 0; nth < (isMany ? 20 : 3); nth++) {
      const name = plan.services[hash(seed, "victim", nth) % plan.services.length]?.name ?? "";
      const fault = { text: "by chance", names: [name] };
      const signal = hash(seed, "signal", nth) % 3 === 0 ? SIGKILL : SIGSEGV;
      this.at(hash(seed, "death", nth) % chanceMs, () => this.endNow(fault, { code: null, signal }, false));
    }
  }

  private at(ms: number, action: () => void): void {
    this.world.kernel.schedule.at(bootMs + ms, action);
  }

  private scheduleFault(fault: Fault): void {
    const { action, when, part } = fault;
    const atMs = when.at ?? 0;
    if (action.kind === "manager-crashes") this.at(atMs, () => this.crashManager(""));
    else if (action.kind === "logger-crashes") this.at(atMs, () => this.crashLogger());
    else if (action.kind === "clock-jumps") this.at(atMs, () => this.jump(action.ms));
    else if (action.kind === "ends" && when.at !== undefined && part === ProcessKind.main)
      this.at(atMs, () => this.endNow(fault, action));
    else this.scheduleWindow(fault);
  }

  /** Tells when a fault that is a condition begins and ends. */
  private scheduleWindow(fault: Fault): void {
    const { from, until } = windowOf(fault.when);
    if (from > 0) this.at(from, () => this.timeline.add(this.world, "fault", fault.text, "", "fault"));
    if (fault.action.kind === "disk-full") this.at(from, () => this.endNow(fault, { code: 1, signal: null }, false));
    if (!Number.isFinite(until)) return;
    this.at(until, () => this.timeline.add(this.world, "fault", `over: ${fault.text}`, "", "fault"));
  }

  private endNow(fault: Pick<Fault, "text" | "names">, how: EndOfProgram, tell = true): void {
    const { kernel } = this.world;
    let isAny = false;
    for (const name of fault.names) {
      const main = kernel.mainOf(name);
      if (main !== undefined) {
        this.programs.blame.set(main.ticket, fault.text);
        kernel.end(main, how.code, how.signal, how.because);
        isAny = true;
      }
      // What has forked and gone lives in what it left.
      const extras = main === undefined ? [...kernel.extras.values()].filter(({ unit }) => unit === name) : [];
      for (const extra of extras) kernel.endExtra(extra);
      isAny ||= extras.length > 0;
    }
    if (!isAny && tell) this.timeline.add(this.world, "fault", fault.text, "nothing of it runs at this time", "fault");
  }

  private crashManager(why: string): void {
    this.timeline.add(this.world, "manager", "crashes; init starts another, which goes on where it was", why, "fault");
    this.world.crashNext("before-append");
    // Nothing at all, but a turn to die in.
    this.world.emit({ kind: "request-cancelled", id: 0 });
  }

  private crashLogger(): void {
    const what = "crashes; init starts another, output waits in the pipes meanwhile";
    this.timeline.add(this.world, "logger", what, "", "fault");
  }

  private jump(ms: number): void {
    this.world.setClock(ms);
    const sign = ms < 0 ? "back" : "forward";
    this.timeline.add(this.world, "clock", `jumps ${timeText(Math.abs(ms))} ${sign}`, "", "fault");
  }

  private carryOut({ text, what }: Order): void {
    if (this.world.finished !== null) return;
    const entry = this.timeline.add(this.world, "request", text.replace(/ at \S+$/, ""));
    this.timeline.expectReply(this.world.upcomingRequest(), entry);
    if ("request" in what) this.world.request(what.request);
    else {
      this.learn(what.plan);
      this.world.load(what.plan, { asRequest: true });
    }
  }

  private summary(): Simulation {
    const { world, history, options } = this;
    const nowMs = world.nowMs;
    const status = systemStatus(world.state, { monotonicMs: nowMs, bootMs: nowMs, wallMs: nowMs + world.wallOffsetMs });
    const isDown = world.finished !== null;
    const services = status.services.map(({ name, shown, reason, state }) => {
      const plan = this.definitions.get(name) as ServicePlan;
      return {
        name,
        state: state === "failed" ? state : shown,
        // That it was wanted is no reason for being stopped with the system.
        reason: isDown && state === "stopped" ? "" : reason,
        firstReadyMs: history.firstReadyMs(plan),
        restarts: history.restarts(name),
        outageMs: history.outageMs(plan),
        isOut: !isDown && history.isOut(plan),
      };
    });
    return {
      entries: this.timeline.entries,
      services,
      state: isDown ? "down" : systemState(engineOf(world.state)),
      endMs: history.endMs,
      end: this.end,
      exitCode: isDown ? history.exitCode : null,
      expectations: options.expectations.map(({ text, judge }) => {
        const because = judge(history);
        return { text, holds: because === "", because };
      }),
      broken: this.broken,
    };
  }
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}
