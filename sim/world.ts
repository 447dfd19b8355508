/**
 * The world that the engine is tested in: a simulated kernel, virtual clocks, and a manager that journals, steps and
 * performs as the real one does (src/runtime/turns.ts) and may die at any point of a turn. After each step the engine's
 * invariants and the world's own checks are applied.
 */

import { ProcessKind } from "../src/contract.ts";
import type { Effect, Reply } from "../src/engine/effect.ts";
import { definitionOf, engineOf } from "../src/engine/engine.ts";
import type { Event, Gate, Request, StepInput } from "../src/engine/event.ts";
import { TICKETS_PER_LIFE } from "../src/engine/instance.ts";
import { violations } from "../src/engine/invariants.ts";
import { isOutstandingKind, outstanding } from "../src/engine/outstanding.ts";
import type { Plan } from "../src/engine/plan.ts";
import { initialState, type State, withoutPlan, withPlan } from "../src/engine/state.ts";
import { step } from "../src/engine/step.ts";
import type { Behaviour } from "./behaviour.ts";
import { hash } from "./chance.ts";
import { Checks } from "./checks.ts";
import { Kernel } from "./kernel.ts";
import { type Loss, reconcileAfterLoss } from "./loss.ts";
import type { Plant } from "./plant.ts";

/** Where in a turn the manager dies: before the journal, or after this many effects. */
export type CrashPoint = "before-append" | number;

export interface WorldOptions {
  seed: number;
  behaviour: Behaviour;
  /** Called with everything that happens, for traces. */
  watch?: (what: { event: Event } | { effect: Effect }, world: World) => void;
  /** Looks at everything after each step; off only where a test measures. */
  check?: boolean;
  /** The manager dies in this turn, counted from 1. */
  crashAt?: { turn: number; point: CrashPoint };
  /** Spoils each step, for the proof that the checks find it. */
  plant?: Plant;
}

export class World {
  state: State = initialState();
  readonly kernel: Kernel;
  readonly checks = new Checks();
  readonly replies = new Map<number, Reply>();
  finished: Extract<Effect, { kind: "finish-shutdown" }> | null = null;
  loadConfigAsked = 0;
  private offsetMs = 1_700_000_000_000;
  eventCount = 0;
  turnCount = 0;
  crashCount = 0;
  private readonly options: WorldOptions;
  private life = 1;
  private nextRequest = TICKETS_PER_LIFE / 2;
  private snapshot: string;
  private snapshotPlan: Plan | null = null;
  private snapshotBefore: Plan | null = null;
  private journal: StepInput[] = [];
  /** All that came, and how many of them the snapshot knows: init counts them, and a manager that lost some sees it. */
  private readonly signals: Event[] = [];
  private snapshotSignals = 0;
  private busyTurns = 0;
  private lastTurnMs = -1;
  private crashAt: { point: CrashPoint; loss: Loss } | null = null;
  /** What each start's definition says about killing. */
  private readonly killScopes = new Map<number, string>();

  constructor(options: WorldOptions) {
    this.options = options;
    this.kernel = new Kernel(options.behaviour);
    this.kernel.setWallOffset(this.offsetMs);
    this.snapshot = JSON.stringify(this.state);
    this.emit({ kind: "manager-started", life: this.life });
    this.settleNow();
  }

  get nowMs(): number {
    return this.kernel.nowMs;
  }

  /** The wall clock's time less the virtual one. */
  get wallOffsetMs(): number {
    return this.offsetMs;
  }

  /** Somebody sets the wall clock. */
  setClock(byMs: number): void {
    this.offsetMs += byMs;
    this.kernel.setWallOffset(this.offsetMs);
    this.emit({ kind: "clock-stepped" });
    this.settleNow();
    this.advance(0);
  }

  emit(event: Event): void {
    this.kernel.volatile.push(event);
  }

  /** A signal of init's: counted there, so that none is lost with a manager. */
  signal(event: Extract<Event, { kind: "signal-received" }>): void {
    this.signals.push(event);
    this.kernel.durable.push(event);
    this.settleNow();
  }

  load(
    plan: Plan,
    options: { only?: string[]; asRequest?: boolean; gate?: Gate | undefined; timeoutMs?: number | undefined } = {},
  ): number {
    const request = options.asRequest === true ? this.nextRequest++ : null;
    const event: Event = { kind: "plan-loaded", plan, request, only: options.only ?? null };
    if (options.gate !== undefined) event.gate = options.gate;
    if (options.timeoutMs !== undefined) event.timeoutMs = options.timeoutMs;
    this.emit(event);
    this.settleNow();
    return request ?? 0;
  }

  /** The number that the next request will have. */
  upcomingRequest(): number {
    return this.nextRequest;
  }

  request(request: Request, timeoutMs: number | null = null): number {
    const id = this.nextRequest++;
    this.emit({ kind: "request-received", id, peer: { uid: 0, gid: 0, pid: 1 }, request, timeoutMs });
    this.settleNow();
    return id;
  }

  /** The manager dies in its next turn, at this point; the next one may be without the journal, or without any state. */
  crashNext(point: CrashPoint, loss: Loss = "none"): void {
    this.crashAt = { point, loss };
  }

  /** All that happens in this much time. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.finished === null && this.kernel.schedule.runNext(untilMs)) this.settleNow();
    if (this.finished === null) this.kernel.schedule.nowMs = untilMs;
  }

  /** Goes on until nothing is scheduled any more, or the bound. False: the bound was reached. */
  runOut(boundMs: number): boolean {
    const untilMs = this.nowMs + boundMs;
    while (this.finished === null) {
      if (!this.kernel.schedule.runNext(untilMs)) return this.kernel.schedule.nextMs() === null;
      this.settleNow();
    }
    return true;
  }

  /** Turns until there are no events left. */
  settleNow(): void {
    while (this.kernel.durable.length + this.kernel.volatile.length > 0) {
      if (this.finished !== null) return;
      this.turn();
    }
  }

  private turn(): void {
    this.turnCount++;
    this.busyTurns = this.nowMs === this.lastTurnMs ? this.busyTurns + 1 : 0;
    this.lastTurnMs = this.nowMs;
    if (this.busyTurns > 1000) throw new Error("check: the engine is busy without time passing");
    const { crashAt: planned } = this.options;
    const crashAt = planned?.turn === this.turnCount ? { point: planned.point, loss: "none" as const } : this.crashAt;
    this.crashAt = null;
    if (crashAt?.point === "before-append") {
      // What only this manager knew is lost; what the kernel and init keep is told to the next one.
      this.restart([], crashAt.loss);
      return;
    }
    const { kernel } = this;
    const events = kernel.durable.concat(kernel.volatile);
    kernel.durable = [];
    kernel.volatile = [];
    const input = { now: this.now(), random: hash(this.options.seed, "step", this.eventCount), events };
    this.journal.push(input);
    for (const event of events) this.options.watch?.({ event }, this);
    this.eventCount += events.length;
    this.checks.beforeStep(this.state, events);
    const { state, effects } = step(this.state, input);
    this.state = state;
    this.options.plant?.(this, effects);
    if (events.some(({ kind }) => kind === "plan-loaded")) this.noteKillScopes();
    if (this.options.check !== false) this.check(effects, events);
    if (typeof crashAt?.point === "number") {
      const performed = Math.min(crashAt.point, effects.length);
      this.perform(effects, 0, performed);
      // init has its order, and makes no manager any more.
      if (this.finished !== null) return;
      this.crash(effects, performed, crashAt.loss);
      return;
    }
    this.perform(effects, 0, effects.length);
    // The real one stores one with each plan, since a plan is held beside the journal.
    if (
      this.journal.length >= 32 ||
      this.snapshotPlan !== this.state.plan ||
      this.snapshotBefore !== this.state.planBefore
    )
      this.takeSnapshot();
  }

  private check(effects: Effect[], events: Event[]): void {
    const tables = this.eventCount % 8 === 0 || events[0]?.kind === "plan-loaded";
    const found = violations(this.state, { tables });
    if (found.length > 0) throw new Error(`invariant: ${found.join("; ")}`);
    this.checks.afterStep(this.state, effects, this.nowMs);
  }

  private perform(effects: Effect[], from: number, to: number): void {
    for (let at = from; at < to; at++) this.performOne(effects[at] as Effect);
  }

  private performOne(effect: Effect): void {
    this.options.watch?.({ effect }, this);
    if (effect.kind === "reply") this.keepReply(effect.request, effect.reply);
    else if (effect.kind === "finish-shutdown") this.finished = effect;
    else if (effect.kind === "load-config") this.loadConfigAsked++;
    else {
      if (effect.kind === "spawn") this.checkSpawn(effect);
      // The engine ends what it could not adopt; nothing waits for that.
      if (effect.kind === "signal" && !this.isOfRun(effect.startTicket)) this.killScopes.delete(effect.startTicket);
      this.kernel.perform(effect);
    }
  }

  /** A new start never meets processes of an earlier one, unless the service asked for its main process only to be killed. */
  private checkSpawn(effect: Extract<Effect, { kind: "spawn" }>): void {
    if (effect.processKind !== ProcessKind.main && effect.processKind !== ProcessKind.preStart) return;
    const name = effect.instance.service;
    // What the start was made for: an apply may have been taken back in the same step.
    const node = engineOf(this.state).byName.get(name);
    const scope = node === undefined ? "tree" : definitionOf(node).stop.kill;
    const starts = this.kernel
      .startsOf(name)
      .filter((start) => start !== effect.startTicket && this.killScopes.get(start) === "tree");
    this.killScopes.set(effect.startTicket, scope);
    if (scope === "tree" && starts.length > 0)
      throw new Error(`check: ${name} is started while processes of an earlier start live`);
  }

  /** A new plan may say another thing about the end of what runs. */
  private noteKillScopes(): void {
    for (const node of engineOf(this.state).nodes)
      if (node.unit.run !== null) this.killScopes.set(node.unit.run.start, definitionOf(node).stop.kill);
  }

  private isOfRun(start: number): boolean {
    return this.state.units.some(({ run }) => run?.start === start);
  }

  private keepReply(id: number, reply: Reply): void {
    const earlier = this.replies.get(id);
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(reply)) {
      throw new Error(`check: request ${id} was answered twice, differently`);
    }
    this.replies.set(id, reply);
  }

  private now() {
    const { nowMs } = this;
    return { monotonicMs: nowMs, bootMs: nowMs, wallMs: nowMs + this.wallOffsetMs };
  }

  takeSnapshot(): void {
    this.snapshot = JSON.stringify(withoutPlan(this.state));
    this.snapshotPlan = this.state.plan;
    this.snapshotBefore = this.state.planBefore;
    this.snapshotSignals = this.signals.length - this.kernel.durable.filter(isSignal).length;
    this.journal = [];
  }

  /** The manager dies after `performed` effects. A signal among them is stored before it is sent, and is sent once. */
  private crash(effects: Effect[], performed: number, loss: Loss): void {
    const next = effects[performed];
    const isSignalLost = next?.kind === "signal" && (performed & 1) === 1;
    let from = 0;
    for (let at = 0; at < performed; at++) if (effects[at]?.kind === "signal") from = at + 1;
    this.restart(effects.slice(isSignalLost ? performed + 1 : from), loss);
  }

  private restart(unfinished: Effect[], loss: Loss): void {
    this.crashCount++;
    this.kernel.managerDied();
    if (loss === "none") this.recover(unfinished);
    else this.recoverAfterLoss(loss);
  }

  private recover(unfinished: Effect[]): void {
    const replayed = this.replay();
    const live = JSON.stringify(withoutPlan(this.state));
    if (JSON.stringify(withoutPlan(replayed)) !== live)
      throw new Error("check: the replayed state differs from the live one");
    this.state = replayed;
    for (const effect of unfinished) if (!isOutstandingKind(effect)) this.performOne(effect);
    // What lives, or has answered, is found in its slot and not asked for again (src/runtime/reconcile.ts).
    for (const effect of outstanding(this.state))
      if (!isProcessOrder(effect) || !this.kernel.wasSpawned(effect.ticket)) this.performOne(effect);
    this.emit(this.nextLife());
  }

  private nextLife(): Event {
    this.life++;
    this.nextRequest = Math.max(this.nextRequest, this.life * TICKETS_PER_LIFE + TICKETS_PER_LIFE / 2);
    return { kind: "manager-started", life: this.life };
  }

  private recoverAfterLoss(loss: "journal" | "state"): void {
    const { plan } = this.state;
    this.journal = [];
    this.state = loss === "journal" ? this.replay() : initialState();
    this.checks.forgetSince(this.state);
    for (const { id } of this.state.requests) this.replies.delete(id);
    const { events, answered } = reconcileAfterLoss(this.kernel, this.state);
    // Before what the kernel has to tell: the first turn of a new manager.
    const signals = this.signals.slice(loss === "journal" ? this.snapshotSignals : 0);
    const others = this.kernel.durable.filter((event) => !isSignal(event));
    if (loss === "state" && plan !== null) events.push({ kind: "plan-loaded", plan, request: null, only: null });
    this.kernel.durable = [this.nextLife(), ...events, ...others, ...signals];
    for (const effect of outstanding(this.state))
      if (!isProcessOrder(effect) || !answered.has(effect.ticket)) this.performOne(effect);
    this.takeSnapshot();
  }

  private replay(): State {
    const parsed = JSON.parse(this.snapshot) as State;
    let state = this.snapshotPlan === null ? parsed : withPlan(parsed, this.snapshotPlan, this.snapshotBefore);
    for (const input of this.journal) state = step(state, input).state;
    return state;
  }
}

/** An order that a process of its ticket answers, which outlives the manager. */
function isProcessOrder(effect: Effect): effect is Extract<Effect, { kind: "spawn" | "find-main" }> {
  return effect.kind === "spawn" || effect.kind === "find-main";
}

function isSignal({ kind }: Event): boolean {
  return kind === "signal-received";
}
