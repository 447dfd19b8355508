/**
 * Turns: events go into the journal, then through the engine, then their effects are performed. A manager that dies at
 * any point of this leaves enough for the next one (recover.ts) to go on as if nothing had been.
 *
 *   append (marks the record as being stepped) → give exits back → step → stepped → effects → done
 *
 * Signals are sent at most once: that a signal is about to be sent is stored before it is. All other effects can be
 * performed again without harm.
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
import { type Performers, performEffect } from "./performer.ts";
import type { Recovered } from "./recover.ts";

const ENOSPC = 28;
const planPrefix = "plan:";

/** A snapshot as it stands in the ledger: the plan lies apart, under its number in init's table. */
export interface Snapshot {
  planNumber: number;
  state: State;
  /** Events that are still to be stepped, one by one (recovery from a poisoned batch). */
  queue: Event[];
  /** Signals of init that were dealt with, by number. */
  signalsSeen: number[];
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

/** Whether the state is of the plan that the events bring, if they bring one: during a shutdown none is taken. */
export function isPlanTaken(state: State, events: Event[]): boolean {
  return events.every((event) => event.kind !== "plan-loaded" || event.plan === state.plan);
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
  private readonly pending: Event[] = [];
  /** Records that this manager has added to the journal since the last snapshot, or found there. */
  records: number;
  private planNumber: number;
  private signalsSeen: number[];
  /** Those that init holds for us; a snapshot tells which of them are still needed. */
  private readonly plans: Set<number>;
  /** Not stored yet. */
  private newSignals: number[] | null = null;

  /** `plans`: the numbers of those that an earlier manager left with init. */
  constructor(
    from: Pick<Recovered, "state" | "planNumber" | "signalsSeen" | "records">,
    performers: Performers,
    plans: number[] = [],
    chronicle: Chronicle = noChronicle,
  ) {
    this.chronicle = chronicle;
    this.plans = new Set(plans);
    this.state = from.state;
    this.planNumber = from.planNumber;
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
    const events = this.pending.splice(0);
    if (events.length === 0) {
      journalled();
      return;
    }
    this.stepAndPerform({ now: readNow(), random: host.random(), events }, journalled);
  }

  private stepAndPerform(input: StepInput, journalled: () => void): void {
    const oldPlanNumber = this.planNumber;
    const record = this.recordOf(input);
    host.testHook("turn-before-append");
    const isJournalled = this.append(record, oldPlanNumber);
    this.signalsSeen = this.newSignals ?? this.signalsSeen;
    this.newSignals = null;
    host.testHook("turn-after-append");
    if (isJournalled) journalled();
    const begun = beginTurn(this.state, input);
    const { state, effects } = hookedStep(this.state, input);
    this.state = state;
    const newPlanNumber = this.planNumber;
    if (!isPlanTaken(state, input.events)) this.planNumber = oldPlanNumber;
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
    if (newPlanNumber !== oldPlanNumber) this.snapshot([]);
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

  /** Performs effects from `from` on. */
  perform(effects: Effect[], from: number, isWanted: (effect: Effect) => boolean = () => true): void {
    for (let at = from; at < effects.length; at++) {
      const effect = effects[at] as Effect;
      if (!isWanted(effect)) continue;
      if (effect.kind === "signal") host.journalEffect(at + 1);
      performEffect(this.performers, effect);
    }
  }

  /** A journal that is full begins anew with the state as it is, which knows no plan or signal that the record brings. */
  private append(record: string, planNumber: number): boolean {
    this.records++;
    if (host.journalAppend(record) !== -ENOSPC) return true;
    this.snapshot([], planNumber);
    return host.journalAppend(record) === 0;
  }

  /** Stores the whole state and empties the journal. */
  snapshot(queue: Event[], planNumber = this.planNumber): void {
    const { signalsSeen } = this;
    const snapshot: Snapshot = { planNumber, state: withoutPlan(this.state), queue, signalsSeen };
    const error = host.snapshotWrite(JSON.stringify(snapshot));
    if (error < 0) throw new Error(`cannot store a snapshot: ${host.errnoText(error)}`);
    this.records = 0;
    this.releasePlans(planNumber);
  }

  /** Neither the snapshot nor what follows it names any other than these two. */
  private releasePlans(stored: number): void {
    for (const number of [...this.plans]) {
      if (number === stored || number === this.planNumber) continue;
      host.releaseHeld(planName(number));
      this.plans.delete(number);
    }
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

  /** At most one plan a turn: the caller emits the next one after the first was stepped. */
  private holdPlan(plan: Plan): number {
    this.planNumber++;
    const error = holdText(planName(this.planNumber), packPlan(plan));
    if (error < 0) throw new Error(`cannot keep the plan: ${host.errnoText(error)}`);
    this.plans.add(this.planNumber);
    return this.planNumber;
  }
}
