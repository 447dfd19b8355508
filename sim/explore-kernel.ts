/** What the simulated kernel of an exploration holds: only what the engine may still hear of. */

import { SignalScope } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";

export interface HeldProcess {
  readonly ticket: number;
  start: number;
  unit: string;
  kind: number;
  isRunning: boolean;
  /** It was asked to be taken back before it ran. */
  isCancelled: boolean;
  /** It got a signal that ends it. */
  isTold: boolean;
}

export interface HeldWait {
  ticket: number;
  start: number;
  isKill: boolean;
  /** Was answered by tree-remains or tree-unkillable. */
  isTold: boolean;
}

/** What a main process left behind. */
export interface Leftover {
  start: number;
  isTold: boolean;
}

export interface Held {
  processes: HeldProcess[];
  waits: HeldWait[];
  leftovers: Leftover[];
  timers: number[];
  probes: number[];
  /** Signals to handlers that were not answered. */
  handlers: number[];
}

/** Carries out an order of the engine. */
export function perform(held: Held, effect: Effect): void {
  switch (effect.kind) {
    case "spawn": {
      const { ticket, startTicket: start, instance, processKind: kind } = effect;
      const unit = instance.service;
      held.processes.push({ ticket, start, unit, kind, isRunning: false, isCancelled: false, isTold: false });
      return;
    }
    case "cancel-spawn":
      change(held.processes, { isCancelled: true }, ({ ticket, isRunning }) => ticket === effect.ticket && !isRunning);
      return;
    case "signal":
      signal(held, effect);
      return;
    case "signal-handler":
      held.handlers.push(effect.ticket);
      return;
    case "await-tree":
      held.waits.push({ ticket: effect.ticket, start: effect.startTicket, isKill: false, isTold: false });
      return;
    case "kill-tree":
      held.waits.push({ ticket: effect.ticket, start: effect.startTicket, isKill: true, isTold: false });
      tellTree(held, effect.startTicket);
      return;
    case "forget-tree":
      forgetWait(held, effect.ticket);
      return;
    case "arm-timer":
      held.timers.push(effect.ticket);
      return;
    case "cancel-timer":
      remove(held.timers, effect.ticket);
      return;
    case "start-probe":
    case "watch-log":
    case "find-main":
      held.probes.push(effect.ticket);
      return;
    case "stop-probe":
      remove(held.probes, effect.ticket);
      return;
    default:
  }
}

const SIGHUP = 1;

function signal(held: Held, effect: Extract<Effect, { kind: "signal" }>): void {
  if (effect.signal === SIGHUP) return;
  if (effect.scope === SignalScope.tree) tellTree(held, effect.startTicket);
  else change(held.processes, { isTold: true }, ({ ticket, isRunning }) => ticket === effect.ticket && isRunning);
}

export function tellTree(held: Held, start: number): void {
  change(held.processes, { isTold: true }, (process) => process.start === start && process.isRunning);
  change(held.leftovers, { isTold: true }, (leftover) => leftover.start === start);
}

/** The lists of a position are its own, what stands in them is shared with others: it is replaced. */
export function change<Item>(list: Item[], by: Partial<Item>, which: (item: Item) => boolean): void {
  for (let at = 0; at < list.length; at++) {
    const item = list[at] as Item;
    if (which(item)) list[at] = { ...item, ...by };
  }
}

export function remove(list: number[], one: number): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}

export function forgetProcess(held: Held, ticket: number): void {
  held.processes = held.processes.filter((one) => one.ticket !== ticket);
}

export function forgetWait(held: Held, ticket: number): void {
  held.waits = held.waits.filter((wait) => wait.ticket !== ticket);
}

/** A new manager looks at all trees again, and goes on killing. */
export function beginAnew(held: Held): void {
  change(held.waits, { isTold: false }, () => true);
  for (const wait of held.waits) if (wait.isKill) tellTree(held, wait.start);
}
