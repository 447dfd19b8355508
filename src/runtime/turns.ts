/**
 * Turns: events go into the journal, then through the engine, then their effects are performed. A manager that dies at
 * any point of this leaves enough for the next one (recover.ts) to go on as if nothing had been.
 *
 *   append (marks the record as being stepped) → give exits back → step → stepped → effects → done
 *
 * Signals are sent at most once: that a signal is about to be sent is stored before it is. All other effects, also a
 * reload signal, can be performed again without harm.
 */

import type { HistoryEvent } from "../control/history.ts";
import type { Effect } from "../engine/effect.ts";
import type { Event, Now, StepInput } from "../engine/event.ts";
import { isOutstandingKind } from "../engine/outstanding.ts";
import type { Plan } from "../engine/plan.ts";
import { type State, withoutPlan } from "../engine/state.ts";
import { step } from "../engine/step.ts";
import { readNow } from "./clock.ts";
import { holdText } from "./held-text.ts";
import { beginTurn, endTurn } from "./history-events.ts";
import { packPlan } from "./packed-plan.ts";
import { type PackedState, packState } from "./packed-state.ts";
import { type Performers, performEffect } from "./performer.ts";
import type { Recovered } from "./recover.ts";
import type { UnheardReply } from "./requests.ts";

const ENOSPC = 28;
const planPrefix = "plan:";

/** A snapshot as it stands in the ledger: the plan lies apart, under its number in init's table. */
export interface Snapshot {
  planNumber: number;
  /** Of the plan that comes back when the apply under way fails; 0: none. */
  beforeNumber: number;
  state: PackedState;
  /** Events that are still to be stepped, one by one (recovery from a poisoned batch). */
  queue: Event[];
  /** Signals of init that were dealt with, by number. */
  signalsSeen: number[];
  /** Replies for clients that have to come back for them. */
  unheard: UnheardReply[];
}

/** An input as it stands in the journal: a plan is replaced by its number. */
export interface JournalRecord {
  input: StepInput;
  planNumber: number | null;
  /** null: as in the record before. */
  signalsSeen: number[] | null;
}

export function planName(planNumber: number): string {
  return planPrefix + planNumber;
}

/** Numbers of the plans that init holds. */
export function heldPlans(held: { name: string }[]): number[] {
  return held
    .filter(({ name }) => name.startsWith(planPrefix))
    .map(({ name }) => Number(name.slice(planPrefix.length)));
}

/** step() with a place for each kind of event at which a test can end the manager. */
export function hookedStep(state: State, input: StepInput): ReturnType<typeof step> {
  for (const event of input.events) while (host.testHook(`step-${event.kind}`));
  return step(state, input);
}

/** Is told what each turn brought (src/runtime/history.ts). */
export interface Chronicle {
  record(now: Now, turn: string, events: HistoryEvent[]): void;
}

/** What the last turn of an earlier manager has to tell, which may have been told or not. */
export interface Untold {
  input: StepInput;
  events: HistoryEvent[];
}

const noChronicle: Chronicle = { record: () => {} };

export class Turns {
  state: State;
  private readonly performers: Performers;
  private readonly chronicle: Chronicle;
  private readonly unheard: () => UnheardReply[];
  private readonly pending: Event[] = [];
  /** Records that this manager has added to the journal since the last snapshot, or found there. */
  records: number;
  private planNumber: number;
  private beforeNumber: number;
  /** Of the plan that the record being stepped brings. */
  private broughtNumber = 0;
  private readonly numbers = new Map<Plan, number>();
  private signalsSeen: number[];
  /** Those that init holds for us; a snapshot tells which of them are still needed. */
  private readonly plans: Set<number>;
  /** Not stored yet. */
  private newSignals: number[] | null = null;

  /** `plans`: the numbers of those that an earlier manager left with init; `unheard`: what a snapshot keeps of replies. */
  constructor(
    from: Pick<Recovered, "state" | "planNumber" | "beforeNumber" | "signalsSeen" | "records">,
    performers: Performers,
    plans: number[] = [],
    chronicle: Chronicle = noChronicle,
    unheard: () => UnheardReply[] = () => [],
  ) {
    this.chronicle = chronicle;
    this.unheard = unheard;
    this.plans = new Set(plans);
    this.state = from.state;
    this.planNumber = from.planNumber;
    this.beforeNumber = from.beforeNumber;
    const { plan, planBefore } = from.state;
    if (plan !== null) this.numbers.set(plan, from.planNumber);
    if (planBefore !== null) this.numbers.set(planBefore, from.beforeNumber);
    this.signalsSeen = from.signalsSeen;
    this.records = from.records;
    this.performers = performers;
  }

  /** Stored with the next turn, together with the events that the signals became. */
  signalsWereSeen(counters: number[]): void {
    this.newSignals = counters;
  }

  emit(event: Event): void {
    this.pending.push(event);
  }

  hasPending(): boolean {
    return this.pending.length > 0;
  }

  /** One turn over all that was emitted. `journalled` is called when the events can no longer be lost. */
  run(journalled: () => void): void {
    const events = this.takePending();
    if (events.length === 0) {
      journalled();
      return;
    }
    this.stepAndPerform({ now: readNow(), random: host.random(), events }, journalled);
  }

  /** Events of a poisoned batch, each with a snapshot that holds the rest. */
  runOneByOne(events: readonly Event[]): void {
    const queue = events.slice();
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      this.snapshot(queue);
      this.emit(event);
      this.run(() => {});
    }
    if (events.length > 0) this.snapshot([]);
  }

  /** A record holds the number of one plan: a second one waits for the next turn. */
  private takePending(): Event[] {
    const events = this.pending.splice(0);
    const first = events.findIndex(({ kind }) => kind === "plan-loaded");
    const isLater = ({ kind }: Event, at: number) => kind === "plan-loaded" && at > first;
    this.pending.push(...events.filter(isLater));
    return this.pending.length === 0 ? events : events.filter((event, at) => !isLater(event, at));
  }

  private stepAndPerform(input: StepInput, journalled: () => void): void {
    const { planNumber, beforeNumber } = this;
    const record = this.recordOf(input);
    host.testHook("turn-before-append");
    const isJournalled = this.append(record);
    this.signalsSeen = this.newSignals ?? this.signalsSeen;
    this.newSignals = null;
    host.testHook("turn-after-append");
    if (isJournalled) journalled();
    const begun = beginTurn(this.state, input);
    const { state, effects } = hookedStep(this.state, input);
    this.state = state;
    // Which of the plans the engine goes by: it may refuse a new one, or put an older one back.
    this.planNumber = this.numberOf(state.plan);
    this.beforeNumber = this.numberOf(state.planBefore);
    host.journalStepped();
    // A record that is too long for the journal (a service's plan with a huge command) is kept as a snapshot instead.
    if (!isJournalled) {
      this.snapshot([]);
      journalled();
    }
    this.tell({ input, events: endTurn(begun, state, effects) });
    host.testHook("turn-before-effects");
    this.perform(effects, 0);
    host.journalDone();
    host.testHook("turn-done");
    const isMoved = this.planNumber !== planNumber || this.beforeNumber !== beforeNumber || this.broughtNumber !== 0;
    this.broughtNumber = 0;
    if (isMoved) this.snapshot([]);
  }

  /** 0: there is none. */
  private numberOf(plan: Plan | null): number {
    return plan === null ? 0 : (this.numbers.get(plan) ?? 0);
  }

  /**
   * Ends the last turn of an earlier manager, which had performed the effects before `effectsFrom`. What outstanding()
   * asks for again is left to it. Until this is marked as done, the effects of the next turn would be taken for done.
   */
  finish({ effects, effectsFrom, untold }: Pick<Recovered, "effects" | "effectsFrom" | "untold">): void {
    host.testHook("recover-finish");
    if (untold !== null) this.tell(untold);
    this.perform(effects, effectsFrom, (effect) => !isOutstandingKind(effect));
    host.journalDone();
  }

  private tell({ input, events }: Untold): void {
    this.chronicle.record(input.now, `${input.now.monotonicMs}:${input.random}`, events);
  }

  /** Performs effects from `from` on. Each is let go of then, so that what performing it keeps can lie in its place. */
  perform(effects: (Effect | null)[], from: number, isWanted: (effect: Effect) => boolean = () => true): void {
    for (let at = from; at < effects.length; at++) {
      const effect = effects[at] as Effect;
      effects[at] = null;
      if (!isWanted(effect)) continue;
      if (effect.kind === "signal") host.journalEffect(at + 1);
      performEffect(this.performers, effect);
    }
  }

  /** A journal that is full begins anew with the state as it is, which knows no plan or signal that the record brings. */
  private append(record: string): boolean {
    this.records++;
    if (host.journalAppend(record) !== -ENOSPC) return true;
    this.snapshot([]);
    return host.journalAppend(record) === 0;
  }

  /** Stores the whole state and empties the journal. */
  snapshot(queue: Event[]): void {
    const { planNumber, beforeNumber, signalsSeen } = this;
    const [state, unheard] = [packState(withoutPlan(this.state)), this.unheard()];
    const snapshot: Snapshot = { planNumber, beforeNumber, state, queue, signalsSeen, unheard };
    const error = host.snapshotWrite(JSON.stringify(snapshot));
    if (error < 0) throw new Error(`cannot store a snapshot: ${host.errnoText(error)}`);
    this.records = 0;
    this.releasePlans();
  }

  /** Neither the snapshot nor what follows it names any others. */
  private releasePlans(): void {
    const named = [this.planNumber, this.beforeNumber, this.broughtNumber];
    for (const number of [...this.plans]) {
      if (named.includes(number)) continue;
      host.releaseHeld(planName(number));
      this.plans.delete(number);
    }
    for (const [plan, number] of [...this.numbers]) if (!named.includes(number)) this.numbers.delete(plan);
  }

  private recordOf(input: StepInput): string {
    let planNumber: number | null = null;
    const events = input.events.map((event) => {
      if (event.kind !== "plan-loaded") return event;
      planNumber = this.holdPlan(event.plan);
      return { ...event, plan: null };
    });
    const record: unknown = {
      input: { ...input, events },
      planNumber,
      signalsSeen: this.newSignals,
    };
    return JSON.stringify(record);
  }

  private holdPlan(plan: Plan): number {
    const number = Math.max(this.planNumber, this.beforeNumber, ...this.plans) + 1;
    const error = holdText(planName(number), packPlan(plan));
    if (error < 0) throw new Error(`cannot keep the plan: ${host.errnoText(error)}`);
    this.plans.add(number);
    this.numbers.set(plan, number);
    this.broughtNumber = number;
    return number;
  }
}
