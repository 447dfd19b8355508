/** Replies: every accepted request gets exactly one, when all that it named is settled, replaced, or out of time. */

import type { Reply, RequestResult } from "./effect.ts";
import { cancelTimer, type Engine, type Node, note, type Waiter } from "./engine.ts";
import { withoutItem } from "./lists.ts";
import { judgeTarget } from "./request-judge.ts";
import type { OpenRequest, Target, Wanted } from "./state.ts";
import { forgetClient, isTransactions, releaseTarget } from "./transaction.ts";
import { shownState } from "./view-words.ts";

/** A unit changed: is what requests want of it settled? */
export function checkRequests(engine: Engine, node: Node): void {
  for (let at = node.waiters.length - 1; at >= 0; at--) {
    const { request, target } = node.waiters[at] as Waiter;
    if (target.outcome === "") judgeTarget(engine, node, target, isTransactions(engine, request));
    if (target.outcome === "") continue;
    node.waiters = withoutItem(node.waiters, at);
    request.open--;
    answerIfSettled(engine, request);
  }
}

/** Gives all targets without an outcome this one. */
function failOpenTargets(engine: Engine, request: OpenRequest, reason: string): void {
  for (const target of request.targets) {
    if (target.outcome !== "") continue;
    target.outcome = "failed";
    target.reason = reason;
  }
  request.open = 0;
  answerIfSettled(engine, request);
}

export function answerIfSettled(engine: Engine, request: OpenRequest): void {
  // The end of a transaction answers its own request (transaction-end.ts).
  if (request.open > 0 || isTransactions(engine, request)) return;
  answer(engine, request, replyOf(engine, request));
}

/** How a request ended whose targets are all settled. */
export function replyOf(engine: Engine, request: OpenRequest): Reply {
  const results = resultsOf(engine, request);
  const failed = request.targets.filter((target) => target.outcome === "failed");
  return failed.length === 0 ? { outcome: "done", results } : { outcome: "failed", results, reason: reasonOf(failed) };
}

const reasonsMax = 5;

function reasonOf(failed: Target[]): string {
  const texts = failed.slice(0, reasonsMax).map(({ name, reason }) => `${name} ${reason}`);
  if (failed.length > reasonsMax) texts.push(`and ${failed.length - reasonsMax} more`);
  return texts.join("; ");
}

export function resultsOf(engine: Engine, request: OpenRequest): RequestResult[] {
  return request.targets.map(({ name, did, reason, exitCode }) => {
    const node = engine.byName.get(name);
    if (node === undefined) return { instance: name, did, state: "removed", pid: null, reason };
    const pid = node.unit.run === null || node.unit.run.main !== "running" ? null : node.unit.run.pid;
    const result = { instance: name, did, state: shownState(node.unit, node.plan), pid, reason };
    return exitCode < 0 ? result : { ...result, exitCode };
  });
}

function answer(engine: Engine, request: OpenRequest, reply: Reply): void {
  forgetRequest(engine, request);
  engine.effects.push({ kind: "reply", request: request.id, reply });
}

/** The client went away, or does not wait any longer. */
export function cancelRequest(engine: Engine, id: number): void {
  const request = engine.state.requests.find((one) => one.id === id);
  if (request === undefined) return;
  if (isTransactions(engine, request)) forgetClient(engine, request);
  else forgetRequest(engine, request);
}

/** The request is no longer open; nobody is answered by this. */
export function forgetRequest(engine: Engine, request: OpenRequest): void {
  const { requests } = engine.state;
  requests.splice(requests.indexOf(request), 1);
  engine.requestTimers.delete(request.timer);
  cancelTimer(engine, request.timer);
  for (const { name } of request.targets) {
    const node = engine.byName.get(name);
    if (node !== undefined) node.waiters = node.waiters.filter((waiter) => waiter.request !== request);
  }
}

/** What a newer request wants of the unit stands in it already: older requests for the opposite end. */
export function replaceRequests(engine: Engine, node: Node, by: number): void {
  for (const { request, target } of [...node.waiters]) {
    if (request.id === by || !isOpposed(target, node.unit.wanted) || !engine.state.requests.includes(request)) continue;
    if (isTransactions(engine, request)) {
      releaseTarget(node, request, target);
      continue;
    }
    note(engine, node, "request-replaced", `request ${request.id} by ${by}`);
    answer(engine, request, { outcome: "replaced", by, results: resultsOf(engine, request) });
  }
}

/** A newer plan takes effect: whoever waits for the changes of the last one is told. by 0: nobody asked for the newer one. */
export function replaceApply(engine: Engine, by: number): void {
  const open = engine.state.requests.find(({ request }) => request.verb === "apply");
  if (open !== undefined) answer(engine, open, { outcome: "replaced", by, results: resultsOf(engine, open) });
}

function isOpposed(target: Target, wanted: Wanted): boolean {
  return wanted === "up" ? target.goal === "down" : ["up", "restart", "reload", "run"].includes(target.goal);
}

export function requestTimedOut(engine: Engine, request: OpenRequest): void {
  engine.requestTimers.delete(request.timer);
  request.timer = 0;
  const open = request.targets.filter((target) => target.outcome === "").map((target) => target.name);
  note(engine, null, "request-timeout", open.slice(0, reasonsMax).join(" "));
  const isGoingOn = isTransactions(engine, request);
  const results = resultsOf(engine, request).map((result, at) => {
    const isOpen = (request.targets[at] as Target).outcome === "";
    return isOpen ? { ...result, reason: "not settled in time; it goes on" } : result;
  });
  const waitsFor =
    open.length > reasonsMax
      ? `${open.slice(0, reasonsMax).join(", ")} and ${open.length - reasonsMax} more`
      : open.join(", ");
  const rest = isGoingOn ? "what it changed to stay up" : "the shutdown";
  const reason = `not settled after ${request.timeoutMs} ms: ${waitsFor || rest}`;
  const reply: Reply = { outcome: "timed-out", results, reason };
  if (!isGoingOn) {
    answer(engine, request, reply);
    return;
  }
  forgetClient(engine, request);
  engine.effects.push({ kind: "reply", request: request.id, reply });
}

/** A shutdown begins: what was to be started will not be. */
export function refuseInShutdown(engine: Engine, reason: string): void {
  for (const request of [...engine.state.requests]) {
    // A request for the shutdown itself has no targets.
    const isForStop = request.targets.every(({ goal }) => goal === "down" || goal === "stopped");
    if (isForStop) continue;
    failOpenTargets(engine, request, `is stopped with the system: ${reason}`);
  }
}

/** The system is down: whoever still waits is told so. Who asked for that has no targets, and all is done. */
export function answerAtEnd(engine: Engine): void {
  for (const request of [...engine.state.requests]) failOpenTargets(engine, request, "could not be ended");
}
