/**
 * A world in which everything that can happen next is a choice. A position is the engine's state, what the kernel holds
 * for it, and how much may still go wrong; explore.ts walks through all positions.
 *
 * What happens and what the engine is told of it are one choice, since nothing can act on the first before the second.
 * Time stands still, and any armed timer may fire next, whatever its time: more than clocks allow, so what holds here
 * holds there. (The lengths of times, the bounds of a shutdown among them, are the simulator's to check, sim/fuzz.ts.)
 *
 * Free choices are those that come about sooner or later if nothing goes wrong: answers to spawns, ends of processes that
 * were told to end, readiness, delays. All others are faults or come from outside, and each has its price (Budget).
 *
 * A crash of the manager is a choice only where it makes a difference. At each position it is checked that what a new
 * manager performs again is what the kernel waits with, and at some of them that the state, stored as text and read again,
 * is the same (explore-checks.ts): to go on after a crash is to go on without one. What differs is a signal that was stored
 * and not sent, which is a choice for each signal, and an answer about a tree that is given again.
 */

import type { Effect } from "../src/engine/effect.ts";
import type { Event, StepInput } from "../src/engine/event.ts";
import type { Plan } from "../src/engine/plan.ts";
import { initialState, type State } from "../src/engine/state.ts";
import { step as realStep, type StepResult } from "../src/engine/step.ts";
import { addBudget, type Budget, price, spend } from "./explore-budget.ts";
import { beginAnew, type Held, perform } from "./explore-kernel.ts";
import { onStage } from "./explore-stage.ts";

export interface Position {
  state: State;
  held: Held;
  budget: Budget;
  isFinished: boolean;
}

export interface Choice {
  event: Event;
  cost: Budget;
  isFree: boolean;
  /** What it does to the kernel before the engine is told. */
  before: ((held: Held) => void) | null;
}

export interface Turn {
  position: Position;
  event: Event;
  effects: Effect[];
}

export type Step = (state: State, input: StepInput) => StepResult;

/** The clocks stand still. All numbers here are small: objects that hold large ones are several times slower to copy. */
export const now = { monotonicMs: 1_000_000, bootMs: 1_000_000, wallMs: 1_000_000 };
/** The life of the first manager; that of later ones would make tickets large. */
export const firstLife = 0;

/** Before anything: no state, no processes. */
export function emptyPosition(budget: Budget): Position {
  const held: Held = { processes: [], waits: [], leftovers: [], timers: [], probes: [], handlers: [] };
  return { state: initialState(), held, budget, isFinished: false };
}

/** The manager begins and the plan is loaded. */
export function firstEvents(plan: Plan): Event[] {
  return [
    { kind: "manager-started", life: firstLife },
    { kind: "plan-loaded", plan, request: null, only: null },
  ];
}

/**
 * The position after a choice. `lost` is the place of the one signal that is stored and not sent because the manager dies
 * right there; -1: none. The given position stays as it is. The state of the one that is returned is overwritten by the
 * next call: keep() makes it last.
 */
export function take(position: Position, choice: Choice, step: Step = realStep, lost = -1): Turn {
  const next = onStage(position);
  choice.before?.(next.held);
  next.budget = spend(position.budget, lost < 0 ? choice.cost : addBudget(choice.cost, price.crashes));
  return happen(next, choice.event, step, lost);
}

/** The same on the very objects of the position: for going on with one live state, as a manager does. */
export function takeLive(position: Position, choice: Choice, step: Step, lost: number): Turn {
  choice.before?.(position.held);
  position.budget = spend(position.budget, lost < 0 ? choice.cost : addBudget(choice.cost, price.crashes));
  return happen(position, choice.event, step, lost);
}

/** Two things happen before the manager's next turn, and the engine is told of them at once. */
export function takeBoth(position: Position, first: Choice, second: Choice, step: Step): Position {
  const next = onStage(position);
  first.before?.(next.held);
  second.before?.(next.held);
  tell(next, [first.event, second.event], step, -1);
  return next;
}

/** The engine is told, and the kernel does what it wants; in the position itself. */
export function happen(position: Position, event: Event, step: Step, lost = -1): Turn {
  return { position, event, effects: tell(position, [event], step, lost) };
}

function tell(position: Position, events: Event[], step: Step, lost: number): Effect[] {
  const result = step(position.state, { now, random: 1, events });
  position.state = result.state;
  let signals = 0;
  for (const effect of result.effects) {
    if (effect.kind === "signal" && signals++ === lost) continue;
    if (effect.kind === "finish-shutdown") position.isFinished = true;
    perform(position.held, effect);
  }
  if (lost >= 0) beginAnew(position.held);
  if (position.held.handlers.length > 0) dropUnheard(position);
  return result.effects.slice();
}

/** The answer for a run that ends is not listened to any more. */
function dropUnheard({ state, held }: Position): void {
  held.handlers = held.handlers.filter((ticket) => state.units.some(({ run }) => run?.reload?.ticket === ticket));
}

export function signalCount(effects: Effect[]): number {
  let count = 0;
  for (const { kind } of effects) if (kind === "signal") count++;
  return count;
}
