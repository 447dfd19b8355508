/**
 * What a new manager makes of the ledger. It climbs a ladder; which rung it tries is stored before it is tried, so that
 * a manager that dies on one finds its successor on the next:
 *
 *   1  snapshot and all of the journal
 *   2  the same without the event that was being stepped: its batch is stepped event by event, and the one that ends
 *      the manager again is set aside
 *   3  the snapshot alone
 *   4  the last plan, and whatever processes live
 *   5  nothing: services go on, and only shutdown and status are served
 *
 * A manager that was killed from outside does not count as a failed rung.
 */

import type { RecoveryRecord } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { Event, StepInput } from "../engine/event.ts";
import type { Plan } from "../engine/plan.ts";
import { initialState, type State, withPlan } from "../engine/state.ts";
import { heldText } from "./held-text.ts";
import { beginTurn, endTurn } from "./history-events.ts";
import { unpackPlan } from "./packed-plan.ts";
import { unpackState } from "./packed-state.ts";
import type { UnheardReply } from "./requests.ts";
import { heldPlans, hookedStep, type JournalRecord, planName, type Snapshot, type Untold } from "./turns.ts";

export const Rung = { full: 1, withoutEvent: 2, snapshotOnly: 3, planOnly: 4, safe: 5 } as const;

export interface Recovered {
  state: State;
  /** Rung 4: to be loaded when the living processes are told. */
  plan: Plan | null;
  planNumber: number;
  /** Of State.planBefore; 0: none. */
  beforeNumber: number;
  /** How many records the journal holds. */
  records: number;
  /** Signals of init that were dealt with, by number. */
  signalsSeen: number[];
  /** Effects of the last turn that were not marked as performed, and where to begin among them. */
  effects: Effect[];
  effectsFrom: number;
  /** What the turn of these effects has to tell. */
  untold: Untold | null;
  /** Replies that clients may come back for. */
  unheard: UnheardReply[];
  /** To be stepped one by one. */
  queue: Event[];
  /** An event that was set aside, for the log and for `why`. */
  setAside: Event | null;
  rung: number;
  /** What was damaged or lost, in words. */
  notes: string[];
}

/** Which rung to try, from the one that the last manager was on and how it ended. */
export function nextRung(lastRung: number, last: { code: number; signal: number }, failuresInARow: number): number {
  if (lastRung === 0) return Rung.full;
  const SIGKILL = 9;
  const killedFromOutside = last.signal === SIGKILL && failuresInARow < 4;
  return Math.min(killedFromOutside ? lastRung : lastRung + 1, Rung.safe);
}

/** Recovers on the rung that the last manager's end asks for; which one is stored before it is tried. */
export function climb(held: { name: string; fd: number }[]): Recovered {
  const record = host.recovery();
  const { manager } = host.roles();
  const last = { code: manager.lastCode, signal: manager.lastSignal };
  const rung = nextRung(record.lastRung, last, manager.failures);
  host.recoveryRung(rung);
  if (host.life() > 1) host.testHook(`recover-rung-${rung}`);
  return recover(record, held, rung);
}

export function recover(record: RecoveryRecord, held: { name: string; fd: number }[], rung: number): Recovered {
  const notes = [...record.damage];
  const plans = new Plans(held);
  if (rung >= Rung.planOnly) return fromPlan(plans, rung, notes);
  const base = record.snapshot === "" ? freshBase() : baseOf(record.snapshot, plans, notes);
  // What follows in the journal means nothing without the state that it follows.
  if (base === null) return fromPlan(plans, Rung.planOnly, notes);
  if (rung === Rung.snapshotOnly) {
    notes.push("events since the last snapshot were left out");
    return { ...base, plan: null, records: 0, effects: [], effectsFrom: 0, untold: null, setAside: null, rung, notes };
  }
  return replay(base, record, plans, rung, notes);
}

interface Base {
  state: State;
  planNumber: number;
  beforeNumber: number;
  queue: Event[];
  signalsSeen: number[];
  unheard: UnheardReply[];
}

function freshBase(): Base {
  return { state: initialState(), planNumber: 0, beforeNumber: 0, queue: [], signalsSeen: [], unheard: [] };
}

/** null: the snapshot, or the plan that it belongs to, cannot be read. */
function baseOf(text: string, plans: Plans, notes: string[]): Base | null {
  const snapshot = parsed<Snapshot>(text);
  if (snapshot === null) {
    notes.push("the snapshot cannot be read");
    return null;
  }
  const { planNumber, beforeNumber, queue, signalsSeen, unheard } = snapshot;
  const state = unpackState(snapshot.state);
  if (planNumber === 0) return { state, planNumber, beforeNumber, queue, signalsSeen, unheard };
  const plan = plans.numbered(planNumber);
  const planBefore = beforeNumber === 0 ? null : plans.numbered(beforeNumber);
  const lost = plan === null ? planNumber : planBefore === null ? beforeNumber : 0;
  if (lost !== 0) notes.push(`plan ${lost} is lost`);
  if (plan === null || lost !== 0) return null;
  return { state: withPlan(state, plan, planBefore), planNumber, beforeNumber, queue, signalsSeen, unheard };
}

/** null: the text is no JSON. */
function parsed<Data>(text: string): Data | null {
  try {
    return JSON.parse(text) as Data;
  } catch {
    return null;
  }
}

function replay(base: Base, record: RecoveryRecord, plans: Plans, rung: number, notes: string[]): Recovered {
  let { state, queue, signalsSeen } = base;
  const unheard = base.unheard.slice();
  let effects: Effect[] = [];
  let untold: Untold | null = null;
  let setAside: Event | null = null;
  for (let at = 0; at < record.journal.length; at++) {
    const one = JSON.parse(record.journal[at] as string) as JournalRecord;
    if (one.signalsSeen !== null) signalsSeen = one.signalsSeen;
    const events = one.input.events.map((event) => plans.filled(event, one.planNumber));
    if (at === record.processing && rung === Rung.withoutEvent) {
      if (events.length > 1) queue = [...events, ...queue];
      else setAside = events[0] ?? null;
      continue;
    }
    host.testHook("recover-record");
    const input = { ...one.input, events };
    const begun = at === record.done ? beginTurn(state, input) : null;
    const result = hookedStep(state, input);
    state = result.state;
    for (const effect of result.effects) if (effect.kind === "reply") unheard.push(unheardReply(effect, input));
    if (begun !== null) {
      effects = result.effects.slice();
      untold = { input, events: endTurn(begun, state, effects) };
    }
  }
  const effectsFrom = record.effects;
  const records = record.journal.length;
  const planNumber = plans.numberOf(state.plan);
  const beforeNumber = plans.numberOf(state.planBefore);
  return {
    state,
    plan: null,
    planNumber,
    beforeNumber,
    records,
    signalsSeen,
    effects,
    effectsFrom,
    untold,
    unheard,
    queue,
    setAside,
    rung,
    notes,
  };
}

/** Whether it was heard nobody knows. */
function unheardReply({ request, reply }: Extract<Effect, { kind: "reply" }>, { now }: StepInput): UnheardReply {
  return { request, reply, sinceBootMs: now.bootMs };
}

function fromPlan(plans: Plans, rung: number, notes: string[]): Recovered {
  const plan = rung === Rung.planOnly ? plans.newest() : null;
  if (plan !== null) notes.push("the state of services was lost; processes that live are taken over");
  return {
    state: initialState(),
    plan: plan?.plan ?? null,
    planNumber: plan?.number ?? 0,
    beforeNumber: 0,
    records: 0,
    signalsSeen: [],
    effects: [],
    effectsFrom: 0,
    untold: null,
    unheard: [],
    queue: [],
    setAside: null,
    rung,
    notes,
  };
}

/** The plans that init holds. */
class Plans {
  private readonly held: { name: string; fd: number }[];
  private readonly read = new Map<number, Plan>();

  constructor(held: { name: string; fd: number }[]) {
    this.held = held;
  }

  numbered(planNumber: number): Plan | null {
    const known = this.read.get(planNumber);
    if (known !== undefined) return known;
    const entry = this.held.find(({ name }) => name === planName(planNumber));
    const text = entry === undefined ? null : heldText(entry.fd);
    const plan = text === null ? null : unpackPlan(text);
    if (plan === null) return null;
    this.read.set(planNumber, plan);
    return plan;
  }

  /** Of a plan that was read here; 0 for none. */
  numberOf(plan: Plan | null): number {
    for (const [number, one] of this.read) if (one === plan) return number;
    return 0;
  }

  newest(): { plan: Plan; number: number } | null {
    for (const number of heldPlans(this.held).sort((a, b) => b - a)) {
      const plan = this.numbered(number);
      if (plan !== null) return { plan, number };
    }
    return null;
  }

  filled(event: Event, planNumber: number | null): Event {
    if (event.kind !== "plan-loaded" || planNumber === null) return event;
    const plan = this.numbered(planNumber);
    if (plan === null) throw new Error(`plan ${planNumber} is lost`);
    return { ...event, plan };
  }
}
