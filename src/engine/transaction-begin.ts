/** An apply with a gate begins (transaction.ts), or meets another one. */

import { isEqual } from "./diff.ts";
import { armTimer, type Engine, log, newTicket, note } from "./engine.ts";
import type { Event, Gate } from "./event.ts";
import type { Ticket } from "./instance.ts";
import { limitRequest, openApply } from "./requests.ts";
import type { Target } from "./state.ts";
import { type Before, isGated, newTransaction, requestOf, type Transaction } from "./transaction.ts";
import { durationText } from "./words.ts";

type Loaded = Extract<Event, { kind: "plan-loaded" }>;

/** An apply that starts nothing has nothing to prove. */
export function beginTransaction(
  engine: Engine,
  event: Loaded & { gate: Gate },
  targets: Target[],
  before: Before,
): void {
  const { request, gate, timeoutMs } = event;
  const { state, now } = engine;
  if (!targets.some(isGated)) {
    if (request !== null) openApply(engine, request, targets, timeoutMs);
    return;
  }
  const id = request ?? newTicket(engine);
  const transaction = newTransaction(id, request !== null, before, now.bootMs);
  state.transaction = transaction;
  state.planBefore = before.plan;
  if (gate.limitMs !== null) {
    transaction.limitMs = gate.limitMs;
    transaction.limitAtMs = now.monotonicMs + gate.limitMs;
    transaction.limit = armTimer(engine, null, transaction.limitAtMs);
  }
  openApply(engine, id, targets, request === null ? null : timeoutMs);
}

/** One at a time: what comes by itself waits, what a client asks for is refused. */
export function refuseInTransaction(engine: Engine, event: Loaded): void {
  const { plan } = engine.state;
  const transaction = engine.state.transaction as Transaction;
  if (event.request === null) {
    // A signal and the watch of the disk may both tell of one and the same change.
    if (isEqual(event.plan, plan)) return;
    transaction.again = true;
    note(engine, null, "apply-refused", "waits for the apply that goes on");
    log(engine, "info", "Configuration is read again when the apply that goes on is over", {});
    return;
  }
  if (!transaction.isAwaited && transaction.phase === "gate" && isEqual(event.plan, plan)) {
    join(engine, transaction, event.request, event.timeoutMs);
    return;
  }
  const since = durationText(engine.now.bootMs - transaction.sinceBootMs);
  const reason = `another apply goes on for ${since}: it waits for ${waitsFor(engine)}`;
  note(engine, null, "apply-refused", reason);
  engine.effects.push({ kind: "reply", request: event.request, reply: { outcome: "refused", reason } });
}

/** What is asked for goes on already, and nobody waits for it: the client hears how it ends. */
function join(engine: Engine, transaction: Transaction, request: Ticket, timeoutMs: number | undefined): void {
  const open = requestOf(engine);
  open.id = request;
  if (timeoutMs !== undefined) limitRequest(engine, open, timeoutMs);
  transaction.request = request;
  transaction.isAwaited = true;
  note(engine, null, "apply-refused", "the same goes on already");
}

const namesMax = 5;

/** Names of what it waits for, or that all of it is up and has to stay so. */
export function waitsFor(engine: Engine): string {
  const open = requestOf(engine).targets.filter(({ outcome }) => outcome === "");
  const names = open.map(({ name }) => name);
  if (names.length === 0) return "what it started to stay up";
  return names.length > namesMax
    ? `${names.slice(0, namesMax).join(", ")} and ${names.length - namesMax} more`
    : names.join(", ");
}
