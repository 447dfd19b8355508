/**
 * A transaction: an apply that is over only when what it changed has come up, and that is taken back when it does not.
 *
 *   gate  the new plan is in place; its new and changed services have to become ready, healthy where `health` is given
 *   back  one of them did not: the plan before is in place again, and is waited for as any other apply is
 *
 * It belongs to nobody: a client that goes away, or does not wait any longer, changes nothing. Only one goes on at a time.
 */

import { cancelTimer, type Engine, type Node } from "./engine.ts";
import type { Ticket } from "./instance.ts";
import type { Plan } from "./plan.ts";
import type { OpenRequest, Target } from "./state.ts";

export interface Transaction {
  /** Number of the open request that holds what it waits for. */
  request: Ticket;
  /** A client waits for its answer. */
  isAwaited: boolean;
  sinceBootMs: number;
  phase: "gate" | "back";
  /** What was wanted up before, by name; requests that come meanwhile change it too. */
  wanted: string[];
  /** What was not started yet, since gonit listened on its sockets (lazy.ts). */
  listening: string[];
  /** Gate: bound of all of it; 0: the services' own limits. */
  limit: Ticket;
  limitMs: number;
  limitAtMs: number;
  /** Gate: everything is up and has to stay so until then. */
  hold: Ticket;
  holdAtMs: number;
  /** How often something that was up fell again before all was proved. */
  falls: number;
  /** Back: the service that did not come up, and why. */
  failed: string;
  because: string;
  lines: string[];
  /** Another plan came by itself meanwhile: the configuration is read again at the end. */
  again: boolean;
}

/** What an apply puts back when it is taken back. */
export interface Before {
  plan: Plan;
  wanted: string[];
  listening: string[];
}

export function newTransaction(
  request: Ticket,
  isAwaited: boolean,
  { wanted, listening }: Omit<Before, "plan">,
  nowBootMs: number,
): Transaction {
  return {
    request,
    isAwaited,
    sinceBootMs: nowBootMs,
    phase: "gate",
    wanted,
    listening,
    limit: 0,
    limitMs: 0,
    limitAtMs: 0,
    hold: 0,
    holdAtMs: 0,
    falls: 0,
    failed: "",
    because: "",
    lines: [],
    again: false,
  };
}

/** Whether a request is the one of the transaction, which is answered by its end only. */
export function isTransactions(engine: Engine, request: OpenRequest): boolean {
  return engine.state.transaction?.request === request.id;
}

/** What has to come up. */
export function isGated({ goal }: Target): boolean {
  return goal === "up" || goal === "restart";
}

export function requestOf(engine: Engine): OpenRequest {
  const { requests, transaction } = engine.state;
  return requests.find(({ id }) => id === transaction?.request) as OpenRequest;
}

/** What becomes of the unit is the transaction's to judge: its failure takes the apply back and ends nothing. */
export function isOnTrial(engine: Engine, { unit }: Node): boolean {
  if (engine.state.transaction?.phase !== "gate") return false;
  return requestOf(engine).targets.some((target) => target.name === unit.name && isGated(target));
}

/** A request changed what is wanted of a unit: that holds for the plan before as well. */
export function wantedMeanwhile(engine: Engine, name: string, isUp: boolean, request: Ticket): void {
  const { transaction } = engine.state;
  if (transaction === null || request === 0) return;
  transaction.wanted = transaction.wanted.filter((one) => one !== name);
  if (isUp) transaction.wanted.push(name);
  else transaction.listening = transaction.listening.filter((one) => one !== name);
}

/** A request wants the opposite of what the transaction waits for: it waits for that no more, and goes on. */
export function releaseTarget(node: Node, request: OpenRequest, target: Target): void {
  target.did = isGated(target) ? "stopped meanwhile" : "started meanwhile";
  target.goal = "stopped";
  target.outcome = "done";
  request.open--;
  node.waiters = node.waiters.filter((waiter) => waiter.target !== target);
}

/** Nobody waits for the answer of the transaction, which is this request's, any more. */
export function forgetClient(engine: Engine, request: OpenRequest): void {
  (engine.state.transaction as Transaction).isAwaited = false;
  engine.requestTimers.delete(request.timer);
  cancelTimer(engine, request.timer);
  request.timer = 0;
  request.timerAtMs = 0;
}

export function clearTimers(engine: Engine, transaction: Transaction): void {
  cancelTimer(engine, transaction.limit);
  cancelTimer(engine, transaction.hold);
  transaction.limit = 0;
  transaction.hold = 0;
}

/** The last words of the service that did not come up, when it ends only now. */
export function noteLastLines(engine: Engine, node: Node, lines: string[]): void {
  const { transaction } = engine.state;
  if (transaction === null || transaction.failed !== node.unit.name || transaction.lines.length > 0) return;
  transaction.lines = lines;
}
