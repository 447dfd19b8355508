/** Requests: what each verb changes in what is wanted, and what the client then waits for. */

import { Role, SignalScope } from "../contract.ts";
import type { RequestResult } from "./effect.ts";
import { addWaiter, armTimer, type Engine, log, type Node, note, touch } from "./engine.ts";
import type { Event, Request } from "./event.ts";
import { matchNames } from "./names.ts";
import { answerIfSettled } from "./request-end.ts";
import { refuseRun, runTasks } from "./run-task.ts";
import { beginShutdown, forceShutdown } from "./shutdown.ts";
import type { OpenRequest, Target } from "./state.ts";
import { awaitsItsTime, isDown, isEnding, isUp, mainTicket } from "./unit.ts";
import { shownState } from "./view-words.ts";
import { wantDown, wantRestart, wantUp } from "./wanted.ts";
import { signalName } from "./words.ts";

const SIGINT = 2;

type Received = Extract<Event, { kind: "request-received" }>;

export function receiveRequest(engine: Engine, event: Received): void {
  const { id, request } = event;
  const { shutdown } = engine.state;
  if (shutdown?.finished === true) {
    refuse(engine, id, "the system is down");
    return;
  }
  if (request.verb === "shutdown") {
    openRequest(engine, event, []);
    const { mode, exitCode, reason } = request;
    const begun = beginShutdown(engine, { mode, exitCode: exitCode ?? 0, reason });
    if (request.force) forceShutdown(engine, begun, reason, null);
    return;
  }
  const { found, unknown, suggestions } = matchNames(engine.nodes, request.names);
  if (unknown.length > 0) {
    const reply = { outcome: "unknown-name", names: unknown, suggestions } as const;
    engine.effects.push({ kind: "reply", request: id, reply });
  } else if (request.verb === "kill") sendSignals(engine, id, request, found);
  else if (shutdown !== null && request.verb !== "stop" && request.verb !== "wait") {
    refuse(engine, id, `the system is shutting down: ${shutdown.reason}`);
  } else act(engine, event, request, found);
}

function refuse(engine: Engine, id: number, reason: string): void {
  engine.effects.push({ kind: "reply", request: id, reply: { outcome: "refused", reason } });
}

function act(
  engine: Engine,
  event: Received,
  request: Exclude<Request, { verb: "shutdown" | "kill" }>,
  nodes: Node[],
): void {
  const { id } = event;
  const targets = nodes.map((node) => targetOf(node, request));
  const open = openRequest(engine, event, targets);
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at] as Node;
    addWaiter(node, open, targets[at] as Target);
  }
  const present = nodes.filter(({ unit }) => !unit.removed);
  if (request.verb === "start") {
    wantUp(engine, present, { because: "start was asked for", rule: "wanted-by-request", byHand: true, request: id });
  } else if (request.verb === "run-task") runTasks(engine, present, targets, id);
  else if (request.verb === "stop") {
    for (const node of nodes) wantDown(engine, node, "request", "stop was asked for", id, { force: request.force });
  } else if (request.verb === "restart") {
    for (const node of present) wantRestart(engine, node, id);
  } else {
    // What is reloaded by a restart. Waiting changes nothing.
    for (const node of present)
      if (goalOf(node, request) === "restart" && node.unit.run !== null) wantRestart(engine, node, id);
  }
  for (const node of nodes) touch(engine, node);
}

/** Neither runs nor is on its way up: a reload has nothing to reach. */
function isOff(node: Node): boolean {
  const { unit } = node;
  return unit.wanted === "down" || unit.state === "failed" || unit.state === "done" || awaitsItsTime(unit);
}

function targetOf(node: Node, request: Exclude<Request, { verb: "shutdown" | "kill" }>): Target {
  const { unit } = node;
  const target: Target = {
    name: unit.name,
    goal: goalOf(node, request),
    outcome: "",
    did: "",
    reason: "",
    from: unit.run?.start ?? 0,
    begun: false,
    exitCode: -1,
  };
  if (request.verb === "start" && isUp(unit) && unit.stopWish === "") target.did = "already running";
  if (request.verb === "stop" && isDown(unit)) target.did = "not running";
  if (unit.removed && request.verb !== "stop" && request.verb !== "wait") {
    target.outcome = "failed";
    target.reason = "is no longer in the configuration";
  } else if (request.verb === "run-task") refuseRun(node, target);
  else if (request.verb === "reload" && node.plan.type === "group") {
    target.outcome = "done";
    target.did = "nothing to reload";
  } else if (request.verb === "reload" && isOff(node)) {
    target.outcome = "failed";
    target.did = "not running";
    target.reason = "is not running";
  }
  return target;
}

function goalOf(node: Node, request: Exclude<Request, { verb: "shutdown" | "kill" }>): Target["goal"] {
  switch (request.verb) {
    case "start":
      return "up";
    case "stop":
      return "down";
    case "restart":
      return "restart";
    case "run-task":
      return "run";
    case "reload":
      return node.plan.reload.kind === "restart" && node.plan.type !== "group" && !isOff(node) ? "restart" : "reload";
    case "wait":
      return request.until;
  }
}

function openRequest(engine: Engine, { id, request, timeoutMs }: Received, targets: Target[]): OpenRequest {
  return newRequest(engine, { id, request, timeoutMs }, targets);
}

interface Asked {
  id: number;
  request: OpenRequest["request"];
  timeoutMs: number | null;
}

function newRequest(engine: Engine, { id, request, timeoutMs }: Asked, targets: Target[]): OpenRequest {
  const open: OpenRequest = {
    id,
    request,
    sinceBootMs: engine.now.bootMs,
    timer: 0,
    timerAtMs: 0,
    timeoutMs: timeoutMs ?? 0,
    open: targets.length,
    targets,
  };
  engine.state.requests.push(open);
  if (timeoutMs !== null) limitRequest(engine, open, timeoutMs);
  return open;
}

/** So long its client waits. */
export function limitRequest(engine: Engine, open: OpenRequest, timeoutMs: number): void {
  open.timeoutMs = timeoutMs;
  open.timerAtMs = engine.now.monotonicMs + timeoutMs;
  open.timer = armTimer(engine, null, open.timerAtMs);
  engine.requestTimers.set(open.timer, open);
}

/** A request without a peer: an apply, answered when its changes are settled. */
export function openApply(engine: Engine, id: number, targets: Target[], timeoutMs: number | null = null): void {
  const open = newRequest(engine, { id, request: { verb: "apply" }, timeoutMs }, targets);
  for (const target of targets) addWaiter(engine.byName.get(target.name) as Node, open, target);
  answerIfSettled(engine, open);
}

const scopes = { process: SignalScope.process, group: SignalScope.group, tree: SignalScope.tree } as const;

function sendSignals(engine: Engine, id: number, request: Extract<Request, { verb: "kill" }>, nodes: Node[]): void {
  const results: RequestResult[] = [];
  const missed: string[] = [];
  for (const node of nodes) {
    const { unit, plan } = node;
    const run = unit.run;
    const isThere = run !== null && (run.main === "running" || (request.scope === "tree" && run.touched));
    if (isThere) {
      const { signal } = request;
      engine.effects.push({
        kind: "signal",
        ticket: mainTicket(run),
        startTicket: run.start,
        instance: node.id,
        signal,
        scope: scopes[request.scope],
      });
      note(engine, node, isEnding(run) ? "stop-signal" : "reload-signal", `${signalName(signal)} was asked for`);
    } else missed.push(unit.name);
    const did = isThere ? `sent ${signalName(request.signal)}` : "not running";
    results.push({
      instance: unit.name,
      did,
      state: shownState(unit, plan),
      pid: isThere && run.main === "running" ? run.pid : null,
      reason: isThere ? "" : "is not running",
    });
  }
  const reason = `not running: ${missed.join(", ")}`;
  engine.effects.push({
    kind: "reply",
    request: id,
    reply: missed.length === 0 ? { outcome: "done", results } : { outcome: "failed", results, reason },
  });
}

/** A signal that init received, in the meaning that the role gives it. */
export function receiveSignal(engine: Engine, event: Extract<Event, { kind: "signal-received" }>): void {
  const name = signalName(event.signal);
  switch (event.meaning) {
    case "stop": {
      const isCtrlC = event.signal === SIGINT && engine.state.plan?.role !== Role.vm;
      if (isCtrlC && engine.state.shutdown === null) log(engine, "info", "Ctrl-C once more kills what is left", {});
      beginShutdown(engine, { mode: event.mode, exitCode: event.exitCode ?? 0, reason: name });
      return;
    }
    case "force": {
      const begun = beginShutdown(engine, { mode: event.mode, exitCode: event.exitCode ?? 0, reason: name });
      forceShutdown(engine, begun, `${name} again`, event.exitCode);
      return;
    }
    case "reload-config":
      engine.effects.push({ kind: "load-config", reason: name });
      return;
    case "reopen":
      log(engine, "info", "Opening log files again", { reason: name });
      engine.effects.push({ kind: "reopen" });
      return;
  }
}
