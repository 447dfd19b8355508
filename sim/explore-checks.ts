/** What is checked of each turn, of each position, and of each position from which nothing goes on by itself. */

import { ProcessKind } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";
import { engineOf, type Node } from "../src/engine/engine.ts";
import type { Event } from "../src/engine/event.ts";
import { violations } from "../src/engine/invariants.ts";
import { outstanding } from "../src/engine/outstanding.ts";
import { type State, withoutPlan, withPlan } from "../src/engine/state.ts";
import { awaitsItsTime, isLive } from "../src/engine/unit.ts";
import { explain } from "../src/engine/view-why.ts";
import { Checks } from "./checks.ts";
import { keyOf } from "./explore-key.ts";
import { now, type Position, type Step, type Turn } from "./explore-world.ts";

/** What of a position before a turn is looked at after it; the turn may change the position itself. */
export interface Before {
  checks: Checks;
  begun: Set<number>;
  asked: number[];
}

export function beforeTurn({ state }: Position, event: Event): Before {
  const checks = new Checks();
  checks.forgetSince(state);
  checks.beforeStep(state, [event]);
  const begun = new Set<number>();
  for (const { run } of state.units) if (run !== null) begun.add(run.start);
  return { checks, begun, asked: [...checks.open] };
}

const checkedEffects: Partial<Record<Effect["kind"], true>> = {
  publish: true,
  spawn: true,
  reply: true,
  "finish-shutdown": true,
};

/** Whether checkTurn() would look at anything: a turn without these effects, while nobody asks, has nothing to be wrong. */
export function isToCheck({ state }: Position, { position, event, effects }: Turn): boolean {
  if (state.requests.length > 0 || position.state.requests.length > 0 || event.kind === "main-named") return true;
  for (const { kind } of effects) if (checkedEffects[kind]) return true;
  return event.kind === "request-received";
}

/** Throws what is wrong with the turn: an order that is not kept, a process too many, a reply that is missing or false. */
export function checkTurn({ checks, begun, asked }: Before, { position, effects }: Turn): void {
  const { state, held } = position;
  // A run that had begun before has been looked at when it began.
  const fresh = effects.filter((effect) => effect.kind !== "spawn" || !begun.has(effect.startTicket));
  checks.afterStep(state, fresh, now.monotonicMs);
  for (const effect of effects) if (effect.kind === "spawn") checkSpawn(position, effect);
  checkOrder(state, fresh);
  for (const id of asked) {
    if (checks.open.has(id) && !state.requests.some((request) => request.id === id))
      throw new Error(`request ${id} is forgotten without an answer`);
  }
  if (new Set(held.processes.map(({ ticket }) => ticket)).size !== held.processes.length)
    throw new Error("a process is started twice");
}

/** What Checks leaves out: `started` means that the program runs, and in a shutdown every order counts. */
function checkOrder(state: State, effects: Effect[]): void {
  const engine = engineOf(state);
  for (const effect of effects) {
    const isStop = effect.kind === "publish" && effect.state === "stopping";
    const isStart = effect.kind === "spawn" && effect.processKind === ProcessKind.main;
    if ((!isStop && !isStart) || effect.instance === null) continue;
    const node = engine.byName.get(effect.instance.service) as Node;
    if (isStart) {
      for (const { wait, kind, required, to } of node.needs)
        if (kind === "need" && wait === "started" && required && to.unit.run?.main === "spawning")
          throw new Error(`${node.unit.name} starts before the program of ${to.unit.name} runs`);
    } else if (node.unit.run?.ending === "shutdown" && state.shutdown?.forced === false) {
      for (const { from } of node.neededBy)
        if (isLive(from.unit) && from.unit.run?.ending === "")
          throw new Error(`${node.unit.name} is stopped in the shutdown while ${from.unit.name} runs`);
    }
  }
}

function checkSpawn(
  { held }: Position,
  { instance, startTicket, processKind }: Extract<Effect, { kind: "spawn" }>,
): void {
  const name = instance.service;
  for (const { unit, start, kind } of held.processes) {
    if (unit !== name || start === startTicket) continue;
    throw new Error(`${name} is started while a process of an earlier start lives (kind ${kind})`);
  }
  const mains = held.processes.filter(({ unit, kind }) => unit === name && kind === ProcessKind.main);
  if (processKind === ProcessKind.main && mains.length > 1) throw new Error(`${name} is started twice`);
}

/** Throws what is wrong with a position: an invariant that does not hold, a difference that a new manager would make. */
export function checkPosition(position: Position, options: { tables: boolean }): void {
  const found = violations(position.state, options);
  if (found.length > 0) throw new Error(`invariant: ${found.join("; ")}`);
  if (!position.isFinished) checkOutstanding(position);
}

const orders: Record<string, number> = {
  "arm-timer": 1,
  spawn: 2,
  "cancel-spawn": 3,
  "await-tree": 4,
  "kill-tree": 5,
  "start-probe": 6,
  "find-main": 6,
  "signal-handler": 7,
};

/** What a new manager would perform again is what the kernel waits with: compared as sums, since it is done so often. */
function checkOutstanding({ state, held }: Position): void {
  let sum = 0;
  const again = outstanding(state);
  for (const effect of again) if ("ticket" in effect) sum += mixed(orders[effect.kind] ?? 0, effect.ticket);
  for (const ticket of held.timers) sum -= mixed(1, ticket);
  for (const { ticket, isRunning, isCancelled } of held.processes)
    if (!isRunning) sum -= mixed(isCancelled ? 3 : 2, ticket);
  for (const { ticket, isKill } of held.waits) sum -= mixed(isKill ? 5 : 4, ticket);
  for (const ticket of held.probes) sum -= mixed(6, ticket);
  for (const ticket of held.handlers) sum -= mixed(7, ticket);
  if (sum !== 0)
    throw new Error(`a new manager would do again: ${JSON.stringify(again)}; what is open: ${JSON.stringify(held)}`);
  const isKnown = (start: number): boolean => state.units.some(({ run }) => run?.start === start);
  for (const { start, unit } of held.processes)
    if (!isKnown(start)) throw new Error(`a process of ${unit} runs that the state does not know`);
  for (const { start } of held.leftovers)
    if (!isKnown(start)) throw new Error("a process was left behind that the state does not know");
}

/** Sums of whole numbers below 2^30 are exact. */
function mixed(order: number, ticket: number): number {
  return Math.imul(Math.imul(ticket, 0x9e3779b1) ^ order, 0x85ebca6b) >>> 2;
}

/** The state goes through JSON; the next manager says that it began; nothing is different. */
export function checkNewManager(position: Position, step: Step): void {
  const { state } = position;
  if (position.isFinished) return;
  const stored = JSON.stringify(withoutPlan(state));
  const parsed = JSON.parse(stored) as State;
  const recovered = state.plan === null ? parsed : withPlan(parsed, state.plan, state.planBefore);
  const key = keyOf(position);
  const event: Event = { kind: "manager-started", life: state.life + 1 };
  const { effects } = step(recovered, { now, random: 1, events: [event] });
  if (effects.length > 0) throw new Error(`a new manager begins with ${effects.map(({ kind }) => kind).join(", ")}`);
  if (keyOf({ ...position, state: recovered }) !== key) throw new Error("a new manager finds another state");
}

/** Nothing comes about by itself any more: what waits must say what for, and a shutdown must be over. */
export function checkRest(position: Position): void {
  const { state, isFinished } = position;
  if (isFinished) {
    if (state.requests.length > 0) throw new Error("requests are left open at the end");
    return;
  }
  if (state.shutdown !== null) throw new Error("the shutdown does not come to its end");
  for (const unit of state.units) {
    if (unit.run !== null && unit.run.unkillable.length > 0) continue;
    if (["starting", "stopping", "reloading", "backing-off"].includes(unit.state))
      throw new Error(`${unit.name} is ${unit.state} and nothing goes on`);
    if (unit.stopWish !== "" && !isHeldByUnkillable(position))
      throw new Error(`${unit.name} is to stop and nothing goes on`);
    if (unit.state === "waiting") checkWaiting(position, unit.name);
  }
  for (const { targets, request } of state.requests) {
    for (const { name, outcome } of targets) {
      const unit = state.units.find((one) => one.name === name);
      if (outcome === "" && unit?.state !== "waiting")
        throw new Error(`the request to ${request.verb} ${name} waits and nothing goes on: it is ${unit?.state}`);
    }
  }
}

function isHeldByUnkillable({ state }: Position): boolean {
  return state.units.some(({ run }) => run !== null && run.unkillable.length > 0);
}

/** It waits for something that runs and may end, or is blocked by something that a person can mend: `why` says so. */
function checkWaiting(position: Position, name: string): void {
  const { state } = position;
  const explained = explain(state, name, now);
  if (explained === null || explained.waitsFor.length === 0)
    throw new Error(`${name} waits and why does not say what for`);
  const node = engineOf(state).byName.get(name);
  // Its time comes when it comes.
  if (node !== undefined && awaitsItsTime(node.unit)) return;
  if (node?.unit.blockedBy !== "") {
    if (explained.release.length === 0) throw new Error(`${name} is blocked and why does not say what releases it`);
    return;
  }
  for (const edge of node.needs) {
    const to = edge.to.unit;
    // A run that goes on for as long as it likes: its end is what is waited for.
    if (edge.wait === "done" && edge.kind === "need" && to.state === "ready") return;
    if (to.state === "waiting" && to.blockedBy === "") return;
  }
  if (isHeldByUnkillable(position)) return;
  throw new Error(`${name} waits for ${explained.waitsFor.join(", ")} and nothing goes on`);
}
