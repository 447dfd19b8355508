/** How a transaction goes on and ends: it is proved, or taken back, or a shutdown overtakes it. */

import type { Reply } from "./effect.ts";
import { addWaiter, armTimer, cancelTimer, type Engine, log, type Node, note } from "./engine.ts";
import { beginListening } from "./lazy.ts";
import type { Plan } from "./plan.ts";
import { renewRuns, replacePlan, restartForApply, startForApply, stopForApply } from "./plan-change.ts";
import { checkRequests, forgetRequest, replyOf } from "./request-end.ts";
import type { OpenRequest, Run, Target } from "./state.ts";
import { clearTimers, isGated, requestOf, type Transaction } from "./transaction.ts";
import { awaitsItsTime, isUp, stuckFailures } from "./unit.ts";
import { durationText, endText } from "./words.ts";

/** So long a service that declares no readiness has to run: nothing else tells that it works. */
const holdMs = 1000;

export const takenBackMessage = "Apply failed; the configuration before it comes back";

/** After each event: does the transaction go on? True: something changed, and neighbours have to look again. */
export function settleTransaction(engine: Engine): boolean {
  const { transaction } = engine.state;
  if (transaction === null) return false;
  const request = requestOf(engine);
  if (transaction.phase === "gate") {
    const failed = failedTarget(request);
    if (failed !== null) {
      takeBack(engine, transaction, failed.name, failed.reason);
      return true;
    }
    if (request.open > 0) return false;
    if (reopenFallen(engine, transaction, request)) return true;
    if (isHeld(engine, transaction, request)) return false;
  } else if (request.open > 0) return false;
  end(engine, transaction, request);
  return false;
}

/** The one that failed by itself rather than because of another, if there is one. */
function failedTarget({ targets }: OpenRequest): Target | null {
  const failed = targets.filter((target) => target.outcome === "failed" && isGated(target));
  return failed.find(({ did }) => did !== "blocked") ?? failed[0] ?? null;
}

/** All were up once: those that are not up any more are waited for again. False: there are none. */
function reopenFallen(engine: Engine, transaction: Transaction, request: OpenRequest): boolean {
  const fallen = request.targets.filter((target) => isGated(target) && !isStillUp(engine, target));
  if (fallen.length === 0) return false;
  cancelTimer(engine, transaction.hold);
  transaction.hold = 0;
  transaction.falls++;
  for (const target of fallen) {
    const node = engine.byName.get(target.name) as Node;
    // Without a delay before its restarts it never looks as if it were stuck.
    if (transaction.falls >= stuckFailures) failFallen(node, target);
    else reopen(node, request, target);
  }
  for (const { name } of fallen) checkRequests(engine, engine.byName.get(name) as Node);
  return true;
}

function reopen(node: Node, request: OpenRequest, target: Target): void {
  target.outcome = "";
  request.open++;
  addWaiter(node, request, target);
}

function failFallen({ unit }: Node, target: Target): void {
  target.outcome = "failed";
  // What was stopped before it began has no end.
  const end = unit.run?.end ?? unit.last;
  target.reason = `does not stay up${end === null ? "" : `: ${endText(end)}`}`;
}

function isStillUp(engine: Engine, { name }: Target): boolean {
  const { unit } = engine.byName.get(name) as Node;
  if (unit.state === "done" || awaitsItsTime(unit)) return true;
  return isUp(unit) && unit.stopWish === "" && (unit.run as Run).healthy;
}

/** Whether it is too early to say that all of it works. */
function isHeld(engine: Engine, transaction: Transaction, { targets }: OpenRequest): boolean {
  if (transaction.hold !== 0) return true;
  let untilMs = 0;
  for (const target of targets) {
    if (!isGated(target)) continue;
    const { unit, plan } = engine.byName.get(target.name) as Node;
    if (plan.ready.kind !== "started" || plan.type !== "service" || unit.run === null) continue;
    untilMs = Math.max(untilMs, unit.run.readyMs + holdMs);
  }
  if (untilMs <= engine.now.monotonicMs) return false;
  transaction.hold = armTimer(engine, null, untilMs);
  transaction.holdAtMs = untilMs;
  return true;
}

/** A timer of the transaction, or one that nobody waits for any more. */
export function transactionTimerFired(engine: Engine, ticket: number): void {
  const { transaction } = engine.state;
  if (transaction === null) return;
  if (ticket === transaction.hold) {
    // Nothing has fallen since it was armed, else it would have been taken back.
    transaction.hold = 0;
    end(engine, transaction, requestOf(engine));
  } else if (ticket === transaction.limit) {
    transaction.limit = 0;
    const late = requestOf(engine).targets.find((target) => isGated(target) && target.outcome === "");
    if (late !== undefined)
      takeBack(engine, transaction, late.name, `is not up after ${durationText(transaction.limitMs)}`);
  }
}

/** The plan before is put in place again, and what was wanted then is wanted again. */
function takeBack(engine: Engine, transaction: Transaction, name: string, because: string): void {
  // They go on by the definition before.
  const reason = because.replace("; restarts go on", "");
  const failed = engine.byName.get(name) as Node;
  clearTimers(engine, transaction);
  transaction.phase = "back";
  transaction.failed = name;
  transaction.because = reason;
  transaction.lines = (failed.unit.run === null && failed.unit.last?.lines) || [];
  note(engine, failed, "apply-failed", reason);
  log(engine, "error", takenBackMessage, { reason, service: name });
  const request = requestOf(engine);
  // The tables that are made anew know these no more.
  request.targets = [];
  request.open = 0;
  const plan = engine.state.planBefore as Plan;
  engine.state.planBefore = null;
  request.targets = putBack(engine, plan, transaction);
  request.open = request.targets.length;
  for (const target of request.targets) addWaiter(engine.byName.get(target.name) as Node, request, target);
}

function putBack(engine: Engine, plan: Plan, { wanted, listening }: Transaction): Target[] {
  const because = "the apply was taken back";
  const { before, changed } = replacePlan(engine, plan);
  const targets: Target[] = [];
  const lost: Node[] = [];
  const back = withoutConflict(engine, new Set(wanted));
  for (const node of [...engine.nodes]) {
    const { unit } = node;
    // It was started meanwhile, as it would have been by the plan before, or listens still.
    if (listening.includes(unit.name) && !changed.has(unit.name)) continue;
    const isWanted = back.has(node);
    if (isWanted && unit.wanted === "down") lost.push(node);
    else if (!isWanted && (unit.removed || unit.wanted === "up")) stopForApply(engine, node, because, targets);
    else if (isWanted && changed.has(unit.name)) restartForApply(engine, node, because, targets);
  }
  for (const node of lost) startForApply(engine, node, changed.has(node.unit.name), targets);
  renewRuns(engine, before);
  return targets;
}

/**
 * Those of the names that the plan has. By it services may conflict that were started meanwhile, when they did not: the
 * first one in it comes back.
 */
function withoutConflict(engine: Engine, wanted: Set<string>): Set<Node> {
  const back = new Set<Node>();
  for (const node of engine.nodes) {
    const { removed, name } = node.unit;
    if (!removed && wanted.has(name) && !node.conflicts.some((other) => back.has(other))) back.add(node);
  }
  return back;
}

function end(engine: Engine, transaction: Transaction, request: OpenRequest): void {
  const reply = transactionReply(engine, transaction, request);
  if (transaction.phase === "gate") note(engine, null, "apply-proved", "");
  if (reply.outcome === "rolled-back")
    log(engine, "warn", "The configuration before is back", { reason: reply.reason });
  else log(engine, "info", "Applied configuration", { title: (engine.state.plan as Plan).title });
  close(engine, transaction, request, reply);
  if (transaction.phase === "back") listenAsBefore(engine, transaction);
  if (transaction.again) engine.effects.push({ kind: "load-config", reason: "it changed during an apply" });
}

/** What was lazy and is not wanted is there for the first connection again. */
function listenAsBefore(engine: Engine, { listening }: Transaction): void {
  for (const name of listening) beginListening(engine, engine.byName.get(name) as Node);
}

function transactionReply(engine: Engine, transaction: Transaction, request: OpenRequest): Reply {
  const reply = replyOf(engine, request);
  if (transaction.phase === "gate" || !("results" in reply)) return reply;
  const { failed: service, because, lines } = transaction;
  const more = "reason" in reply ? `; and by the configuration before: ${reply.reason}` : "";
  return { outcome: "rolled-back", service, reason: `${service} ${because}${more}`, lines, results: reply.results };
}

function close(engine: Engine, transaction: Transaction, request: OpenRequest, reply: Reply): void {
  clearTimers(engine, transaction);
  forgetRequest(engine, request);
  if (transaction.isAwaited) engine.effects.push({ kind: "reply", request: request.id, reply });
  engine.state.transaction = null;
  engine.state.planBefore = null;
}

/** The system ends: nothing is proved or taken back any more. */
export function abandonTransaction(engine: Engine, reason: string): void {
  const { transaction } = engine.state;
  if (transaction === null) return;
  const request = requestOf(engine);
  for (const target of request.targets) {
    if (target.outcome !== "") continue;
    target.outcome = "failed";
    target.reason = `is stopped with the system: ${reason}`;
  }
  request.open = 0;
  close(engine, transaction, request, transactionReply(engine, transaction, request));
}
