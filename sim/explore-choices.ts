/** Everything that can happen next in an explored world, and what it costs. */

import { ProcessKind, Stage } from "../src/contract.ts";
import type { Event, Request } from "../src/engine/event.ts";
import type { Run, State, Unit } from "../src/engine/state.ts";
import { type Budget, canPay, noBudget, price } from "./explore-budget.ts";
import {
  beginAnew,
  change,
  forgetProcess,
  forgetWait,
  type Held,
  type HeldProcess,
  type HeldWait,
  type Leftover,
  remove,
} from "./explore-kernel.ts";
import { type Choice, firstLife, type Position } from "./explore-world.ts";

const ENOENT = 2;
const EAGAIN = 11;
/** Above all tickets that the engine gives out. */
const firstRequest = 1_000_000_000;

/** Everything that can happen next, always in the same order. */
export function choicesOf(position: Position): Choice[] {
  const choices: Choice[] = [];
  if (position.isFinished) return choices;
  const { held, state, budget } = position;
  for (const process of held.processes) {
    if (process.isRunning) ofRunning(choices, position, process);
    else ofSpawning(choices, position, process);
  }
  for (const wait of held.waits) ofWait(choices, position, wait);
  for (const leftover of held.leftovers) ofLeftover(choices, position, leftover);
  for (const ticket of held.probes) ofProbe(choices, position, ticket);
  for (const ticket of held.probes) {
    const kind = namingRun(state, ticket) === null ? "probe-failed" : "main-refused";
    add(choices, budget, { kind, ticket, reason: "no" }, price.probes, false, null);
  }
  for (const ticket of held.handlers) ofHandler(choices, budget, ticket);
  for (const ticket of held.timers) ofTimer(choices, position, ticket);
  if (canPay(budget, price.requests)) for (const unit of state.units) ofRequests(choices, position, unit.name);
  if (held.waits.some(({ isTold }) => isTold))
    add(choices, budget, { kind: "manager-started", life: firstLife }, price.crashes, false, beginAnew);
  if (state.shutdown?.forced !== true) ofShutdown(choices, position);
  return choices;
}

function add(
  choices: Choice[],
  budget: Budget,
  event: Event,
  cost: Budget,
  isFree: boolean,
  before: Choice["before"],
): void {
  if (canPay(budget, cost)) choices.push({ event, cost, isFree, before });
}

function ofHandler(choices: Choice[], budget: Budget, ticket: number): void {
  const answered = (after: Held): void => remove(after.handlers, ticket);
  add(choices, budget, { kind: "signal-sent", ticket }, noBudget, true, answered);
  add(choices, budget, { kind: "signal-unhandled", ticket }, price.probes, false, answered);
}

/** A probe of readiness ends with a yes; one of health goes on, and tells a yes when it is news. */
function ofProbe(choices: Choice[], position: Position, ticket: number): void {
  const { state, budget } = position;
  const naming = namingRun(state, ticket);
  if (naming !== null) {
    ofNaming(choices, position, naming);
    return;
  }
  const run = state.units.find((unit) => unit.run?.health === ticket)?.run ?? null;
  const event: Event = { kind: "probe-succeeded", ticket };
  if (run === null) add(choices, budget, event, noBudget, true, (after) => remove(after.probes, ticket));
  else if (!run.healthy || run.healthFailures > 0) add(choices, budget, event, noBudget, true, null);
}

function namingRun(state: State, ticket: number): Run | null {
  return state.units.find(({ run }) => run?.naming === ticket)?.run ?? null;
}

/** The pid file names what the program has left behind, or the program itself. */
function ofNaming(choices: Choice[], { held, state, budget }: Position, { naming: ticket, start, pid }: Run): void {
  const main = held.processes.find((one) => one.ticket === start);
  if (main?.isRunning)
    add(choices, budget, { kind: "main-named", ticket, pid, slot: 1 }, price.leftovers, false, (after) =>
      remove(after.probes, ticket),
    );
  if (!held.leftovers.some((one) => one.start === start)) return;
  const unit = state.units.find(({ run }) => run?.start === start)?.name ?? "";
  add(choices, budget, { kind: "main-named", ticket, pid: 102, slot: 2 }, noBudget, true, (after) => {
    remove(after.probes, ticket);
    // Looked for here: what else comes in the same turn may have moved it.
    const at = after.leftovers.findIndex((one) => one.start === start);
    const [{ isTold }] = after.leftovers.splice(at, 1) as [Leftover];
    const kind = ProcessKind.main;
    after.processes.push({ ticket, start, unit, kind, isRunning: true, isCancelled: false, isTold });
  });
}

function ofSpawning(choices: Choice[], { state, budget }: Position, { ticket, unit, isCancelled }: HeldProcess): void {
  const forget = (held: Held): void => forgetProcess(held, ticket);
  const failed = (stage: number, errno: number): Event => ({ kind: "spawn-failed", ticket, stage, errno, detail: "" });
  add(choices, budget, { kind: "spawn-succeeded", ticket, pid: 100, slot: 1 }, noBudget, !isCancelled, (held) => {
    change(held.processes, { isRunning: true, isCancelled: false }, (process) => process.ticket === ticket);
  });
  if (isCancelled) {
    add(choices, budget, failed(Stage.timeLimit, 0), noBudget, true, forget);
    return;
  }
  // A fault that stays, or, for tasks, one that a new try may mend.
  const isTask = state.plan?.services.find(({ name }) => name === unit)?.type === "task";
  const fault = isTask ? failed(Stage.clone, EAGAIN) : failed(Stage.exec, ENOENT);
  add(choices, budget, fault, price.exits, false, forget);
}

function exited(ticket: number, code: number | null): Event {
  const signal = code === null ? 15 : null;
  return { kind: "process-exited", ticket, pid: 100, code, signal, core: false, cpuMs: 0, maxRssKib: 0, lastLines: [] };
}

function ofRunning(choices: Choice[], position: Position, process: HeldProcess): void {
  const { state, budget } = position;
  const { ticket, start, kind, isTold } = process;
  const run = runOf(state, start);
  const gone = (held: Held): void => forgetProcess(held, ticket);
  const leaving = (held: Held): void => {
    forgetProcess(held, ticket);
    held.leftovers.push({ start, isTold: held.waits.some((wait) => wait.start === start && wait.isKill) });
  };
  if (kind !== ProcessKind.main) {
    ofCommand(choices, position, process, gone);
    return;
  }
  const isStuck = run !== null && run.unkillable.length > 0;
  const plan = state.plan?.services.find(({ name }) => name === process.unit);
  const isNaming = plan?.pidFile !== "" && ticket === start;
  const isTask = plan?.type === "task" || (plan?.ready.kind === "exit" && plan.pidFile === "");
  if (isTold) {
    add(choices, budget, exited(ticket, null), noBudget, !isStuck, gone);
    add(choices, budget, exited(ticket, 0), price.leftovers, false, leaving);
    return;
  }
  add(choices, budget, exited(ticket, 0), isTask ? noBudget : price.exits, isTask, gone);
  const isForking = isNaming || (isTask && plan?.type === "service");
  add(choices, budget, exited(ticket, 0), isForking ? noBudget : price.leftovers, isNaming, leaving);
  add(choices, budget, exited(ticket, 1), price.exits, false, gone);
  add(choices, budget, exited(ticket, 1), price.leftovers, false, leaving);
  if (plan?.ready.kind === "notify") ofNotifying(choices, position, process);
}

function ofNotifying(choices: Choice[], position: Position, { ticket, unit }: HeldProcess): void {
  const found = position.state.units.find(({ name }) => name === unit);
  if (found?.state !== "starting") return;
  const says = {
    status: null,
    mainPid: null,
    extendTimeoutMs: null,
    watchdog: "" as const,
    watchdogMs: null,
    reloading: false,
    stopping: false,
  };
  const event: Event = {
    kind: "notify-received",
    ticket,
    instance: { service: unit, replica: 1 },
    ready: true,
    errno: null,
    ...says,
  };
  add(choices, position.budget, event, noBudget, true, null);
  add(choices, position.budget, { ...event, ready: false, errno: 5 }, price.exits, false, null);
}

/** Commands of pre_start and post_stop, the stop and the reload command end by themselves. */
function ofCommand(
  choices: Choice[],
  { budget }: Position,
  { ticket, start, kind, isTold }: HeldProcess,
  gone: (held: Held) => void,
): void {
  const isStop = kind === ProcessKind.stop;
  // A stop command that ends well has told the service to end.
  const told = (held: Held): void => {
    gone(held);
    change(held.processes, { isTold: true }, (process) => process.ticket === start && process.isRunning);
  };
  add(choices, budget, exited(ticket, 0), noBudget, true, isStop ? told : gone);
  add(choices, budget, exited(ticket, 1), isTold ? noBudget : price.exits, false, gone);
}

export function runOf(state: State, start: number): Run | null {
  for (const { run } of state.units) if (run !== null && run.start === start) return run;
  return null;
}

function ofWait(choices: Choice[], position: Position, { ticket, start, isKill, isTold }: HeldWait): void {
  const { held, budget } = position;
  const isRunning = held.processes.some((process) => process.start === start && process.isRunning);
  const isLeft = held.leftovers.some((leftover) => leftover.start === start);
  if (!isRunning && !isLeft) {
    add(choices, budget, { kind: "tree-emptied", ticket }, noBudget, true, (after) => forgetWait(after, ticket));
    return;
  }
  if (isTold) return;
  const told = (after: Held): void => {
    change(after.waits, { isTold: true }, (wait) => wait.ticket === ticket);
  };
  if (isKill) add(choices, budget, { kind: "tree-unkillable", ticket, pids: [100] }, price.limits, false, told);
  else add(choices, budget, { kind: "tree-remains", ticket, pids: [101], how: "mark" }, noBudget, true, told);
}

/** It ends, and whoever waits for the tree is told that it is empty. */
function ofLeftover(choices: Choice[], { held, state, budget }: Position, { start, isTold }: Leftover): void {
  const wait = held.waits.find((one) => one.start === start);
  const run = runOf(state, start);
  if (wait === undefined || run === null || (!wait.isKill && !wait.isTold)) return;
  if (held.processes.some((process) => process.start === start && process.isRunning)) return;
  const isDaemon = run.ending === "";
  const isStuck = run.unkillable.length > 0;
  const isFree = !isDaemon && !isStuck && (isTold || run.lingers || wait.isKill);
  const cost = isDaemon ? price.exits : noBudget;
  add(choices, budget, { kind: "tree-emptied", ticket: wait.ticket }, cost, isFree, (after) => {
    forgetWait(after, wait.ticket);
    after.leftovers = after.leftovers.filter((leftover) => leftover.start !== start);
  });
}

/**
 * Delays fire by themselves. A time limit fires when something takes too long, which has its price; except where nobody
 * is going to end what it bounds, since the signal was lost.
 */
function ofTimer(choices: Choice[], { held, state, budget }: Position, ticket: number): void {
  const unit = state.units.find((one) => one.backoff === ticket || one.run?.timer === ticket);
  const isDelay = unit !== undefined && (unit.backoff === ticket || isDeaf(held, unit));
  const isRequest = state.requests.some(({ timer }) => timer === ticket);
  const cost = isDelay ? noBudget : isRequest ? price.timeouts : price.limits;
  add(choices, budget, { kind: "timer-fired", ticket }, cost, isDelay, (after) => remove(after.timers, ticket));
}

/** Something of a run that ends runs on, and nobody has told it to end. */
function isDeaf(held: Held, { run }: Unit): boolean {
  if (run === null || run.timerUse !== "stop" || run.lingers) return false;
  const isOf = ({ start, isTold }: Leftover): boolean => start === run.start && !isTold;
  return (
    held.leftovers.some(isOf) ||
    held.processes.some((one) => one.isRunning && one.kind === ProcessKind.main && isOf(one))
  );
}

function ofRequests(choices: Choice[], position: Position, name: string): void {
  const names = [name];
  ask(choices, position, { verb: "start", names }, price.requests);
  ask(choices, position, { verb: "stop", names, force: false }, price.requests);
  ask(choices, position, { verb: "stop", names, force: true }, price.requests);
  ask(choices, position, { verb: "restart", names }, price.requests);
  ask(choices, position, { verb: "reload", names }, price.requests);
  const plan = position.state.plan?.services.find((service) => service.name === name);
  if (plan?.type === "task") ask(choices, position, { verb: "run-task", names }, price.requests);
}

function ofShutdown(choices: Choice[], position: Position): void {
  const order = { verb: "shutdown", mode: 1, exitCode: null, reason: "asked" } as const;
  const cost = canPay(position.budget, price.shutdowns) ? price.shutdowns : price.requests;
  ask(choices, position, { ...order, force: false }, cost);
  ask(choices, position, { ...order, force: true }, cost);
}

function ask(choices: Choice[], { state, budget }: Position, request: Request, cost: Budget): void {
  let id = firstRequest;
  for (const open of state.requests) id = Math.max(id, open.id + 1);
  const peer = { uid: 0, gid: 0, pid: 1 };
  const timeoutMs = canPay(budget, price.timeouts) ? 60_000 : null;
  add(choices, budget, { kind: "request-received", id, peer, request, timeoutMs }, cost, false, null);
}
