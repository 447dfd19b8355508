/**
 * The manager's own turns and recovery (src/runtime) over the simulated kernel, beside a model that steps the same events
 * and forgets nothing. The manager dies at any host call; the next one must know what the model knows.
 */
import assert from "node:assert/strict";
import { Dice } from "../../sim/chance.ts";
import { Faults } from "../../sim/faults.ts";
import { type History, type Move, makeHistory } from "../../sim/histories.ts";
import { Kernel } from "../../sim/kernel.ts";
import type { Effect } from "../../src/engine/effect.ts";
import type { Event, StepInput } from "../../src/engine/event.ts";
import { TICKETS_PER_LIFE } from "../../src/engine/instance.ts";
import { isOutstandingKind, outstanding } from "../../src/engine/outstanding.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { initialState, type State } from "../../src/engine/state.ts";
import { step } from "../../src/engine/step.ts";
import { packPlan } from "../../src/runtime/packed-plan.ts";
import type { Performers } from "../../src/runtime/performer.ts";
import { type Recovered, Rung, recover } from "../../src/runtime/recover.ts";
import { planName, Turns } from "../../src/runtime/turns.ts";
import { Killed, MemoryLedger } from "./memory-ledger.ts";

export interface WorldFigures {
  turns: number;
  deaths: number;
  /** Turns whose journal was full. */
  full: number;
  /** Turns that were kept as a snapshot, since no journal holds their record. */
  tooLong: number;
  plans: number;
}

export class JournalledWorld {
  readonly ledger: MemoryLedger;
  readonly figures: WorldFigures = { turns: 0, deaths: 0, full: 0, tooLong: 0, plans: 0 };
  readonly history: History;
  private readonly dice: Dice;
  private readonly kernel: Kernel;
  private readonly performers: Performers;
  private readonly deathPercent: number;
  private turns: Turns;
  private model: State = initialState();
  private signalsSeen: number[] = [];
  private signalsStored: number[] = [];
  private performed: string[] = [];
  private life = 1;
  private nextRequest = TICKETS_PER_LIFE / 2;
  private isFinished = false;

  constructor(seed: number, options: { journalBytes: number; deathPercent: number }) {
    this.history = makeHistory(seed);
    this.dice = new Dice(seed + 1);
    this.deathPercent = options.deathPercent;
    let services = new Map(this.history.plan.services.map((one) => [one.name, one]));
    for (const move of this.history.moves)
      if (move.kind === "apply")
        services = new Map([...move.services.map((one) => [one.name, one] as const), ...services]);
    this.kernel = new Kernel(new Faults(seed, { service: (name) => services.get(name) }));
    this.ledger = new MemoryLedger({ journalBytes: options.journalBytes });
    this.ledger.install();
    this.performers = new Proxy({} as Performers, { get: () => (effect: Effect) => this.perform(effect) });
    this.turns = new Turns(
      { state: initialState(), planNumber: 0, beforeNumber: 0, signalsSeen: [], records: 0 },
      this.performers,
    );
  }

  /** The whole history; throws what is wrong. */
  run(): void {
    this.turn([{ kind: "manager-started", life: 1 }]);
    this.turn([{ kind: "plan-loaded", plan: this.history.plan, request: null, only: this.history.only }]);
    for (const move of this.history.moves) {
      this.advance(move.afterMs);
      if (this.isFinished) return;
      const event = this.eventOf(move);
      this.turn(event === null ? [] : [event]);
      this.settle();
    }
    this.advance(3000);
  }

  private eventOf(move: Move): Event | null {
    const id = this.nextRequest++;
    switch (move.kind) {
      case "request":
        return {
          kind: "request-received",
          id,
          peer: { uid: 0, gid: 0, pid: 1 },
          request: move.request,
          timeoutMs: move.timeoutMs,
        };
      case "cancel":
        return { kind: "request-cancelled", id: id - 1 - move.back };
      case "apply": {
        const plan = { ...this.history.plan, services: move.services };
        const { gate, timeoutMs } = move;
        const event: Event = { kind: "plan-loaded", plan, request: move.asRequest ? id : null, only: null };
        return { ...event, ...(gate && { gate }), ...(timeoutMs !== undefined && { timeoutMs }) };
      }
      case "kill-main": {
        const main = this.kernel.mainOf(move.name);
        if (main !== undefined) this.kernel.end(main, null, move.signal);
        return null;
      }
      case "signal":
        this.signalsSeen = [...this.signalsSeen, id % 31];
        return { kind: "signal-received", signal: 1, meaning: move.meaning, exitCode: null, mode: 1 };
      default:
        return null;
    }
  }

  private advance(ms: number): void {
    const untilMs = this.kernel.nowMs + ms;
    while (!this.isFinished && this.kernel.schedule.runNext(untilMs)) this.settle();
    this.kernel.schedule.nowMs = untilMs;
  }

  private settle(): void {
    while (!this.isFinished && this.kernel.durable.length + this.kernel.volatile.length > 0) this.turn([]);
  }

  private turn(more: Event[]): void {
    const { ledger, kernel } = this;
    const durable = kernel.durable.splice(0);
    const events = [...durable, ...kernel.volatile.splice(0), ...more];
    if (events.length === 0) return;
    ledger.nowMs = kernel.nowMs;
    const random = this.dice.next();
    ledger.nextRandom = () => random;
    const nowMs = Math.floor(kernel.nowMs + 0.7);
    const now = {
      monotonicMs: nowMs,
      bootMs: Math.floor(kernel.nowMs + 0.2),
      wallMs: 1_700_000_000_000 + kernel.nowMs,
    };
    const input: StepInput = structuredClone({ now: { ...now, wallMs: Math.floor(now.wallMs) }, random, events });
    const isDead = !this.tryTurn(events);
    this.figures.turns++;
    const isStored = ledger.isStored();
    if (ledger.calls.includes("journalAppend full")) this.figures.full++;
    const isTooLong = isStored && !ledger.calls.includes("journalAppend");
    if (isTooLong) this.figures.tooLong++;
    if (events.some(({ kind }) => kind === "plan-loaded")) this.figures.plans++;
    const effects = isStored ? this.stepModel(input) : [];
    const signals = events.filter(({ kind }) => kind === "signal-received");
    if (isStored && signals.length > 0) this.signalsStored = this.signalsSeen;
    if (isDead) {
      // What init and the kernel keep is told again.
      if (!isStored) kernel.durable.unshift(...durable, ...signals.filter((event) => !durable.includes(event)));
      this.comeBack();
    } else this.compare(this.turns.state);
    // Of a turn that is stored as its outcome only, what was to be performed is lost with the manager.
    if (!isTooLong || !isDead) this.checkPerformed(effects);
  }

  /** False: the manager died in it. */
  private tryTurn(events: Event[]): boolean {
    const { ledger } = this;
    ledger.calls = [];
    this.performed = [];
    if (events.some(({ kind }) => kind === "signal-received")) this.turns.signalsWereSeen(this.signalsSeen.slice());
    for (const event of events) this.turns.emit(event);
    if (this.dice.percent(this.deathPercent)) ledger.halvesLeft = this.dice.below(50);
    return this.survives(() => this.turns.run(() => {}));
  }

  private survives(work: () => void): boolean {
    try {
      work();
      this.ledger.halvesLeft = Number.POSITIVE_INFINITY;
      return true;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.figures.deaths++;
      this.ledger.managerDied();
      this.kernel.managerDied();
      return false;
    }
  }

  private stepModel(input: StepInput): Effect[] {
    const { state, effects } = step(this.model, input);
    this.model = state;
    return structuredClone(effects);
  }

  private compare(state: State): void {
    const [found, expected] = [JSON.stringify(state), JSON.stringify(this.model)];
    if (found === expected) return;
    let at = 0;
    while (found[at] === expected[at]) at++;
    const near = (text: string) => text.slice(Math.max(0, at - 150), at + 50);
    assert.fail(`the manager's state is not the model's:\n${near(found)}\n${near(expected)}`);
  }

  /** A new manager, which may die in its turn while it performs what is left. */
  private comeBack(): void {
    for (;;) {
      const recovered = recover(this.ledger.recovery(), this.ledger.held(), Rung.full);
      this.checkRecovered(recovered);
      this.turns = new Turns(recovered, this.performers);
      if (this.dice.percent(this.deathPercent)) this.ledger.halvesLeft = this.dice.below(6);
      if (this.survives(() => this.resume(recovered))) break;
    }
    this.life++;
    this.nextRequest = this.life * TICKETS_PER_LIFE + TICKETS_PER_LIFE / 2;
    this.kernel.volatile.push({ kind: "manager-started", life: this.life });
  }

  private checkRecovered(recovered: Recovered): void {
    this.compare(recovered.state);
    assert.deepEqual(recovered.notes, []);
    assert.deepEqual(recovered.signalsSeen, this.signalsStored);
    if (recovered.planNumber === 0) return;
    const held = Buffer.from(this.ledger.heldBytes(planName(recovered.planNumber))).toString();
    assert.equal(held, packPlan(this.model.plan as Plan), "the plan that is held is another");
  }

  /** As src/runtime/manager.ts does. */
  private resume(recovered: Recovered): void {
    this.turns.finish(recovered);
    const missing = outstanding(this.turns.state);
    this.turns.perform(missing, 0, (effect) => effect.kind !== "spawn" || !this.kernel.wasSpawned(effect.ticket));
  }

  private perform(effect: Effect): void {
    this.performed.push(JSON.stringify(effect));
    if (effect.kind === "finish-shutdown") this.isFinished = true;
    else this.kernel.perform(effect);
  }

  /** Signals once at most, all that is not asked for again by the state once at least. */
  private checkPerformed(effects: Effect[]): void {
    const left = this.performed.slice();
    for (const effect of effects) {
      const text = JSON.stringify(effect);
      const at = left.indexOf(text);
      if (at >= 0) left.splice(at, 1);
      else if (effect.kind !== "signal" && !isOutstandingKind(effect)) assert.fail(`never performed: ${text}`);
    }
    const again = left.find((text) => text.startsWith('{"kind":"signal"'));
    assert.equal(again, undefined, "a signal is sent twice");
  }
}
