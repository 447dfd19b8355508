/**
 * The ordered end of everything: each unit after those that need it, within a bound that is known beforehand. A second
 * signal, or the end of the bound, kills what is left; what outlives that is reported and left to init.
 */

import { ExitCode } from "../contract.ts";
import { armTimer, cancelTimer, definitionOf, type Engine, log, type Node, note, setState } from "./engine.ts";
import { stopListening } from "./lazy.ts";
import type { Plan, ServicePlan } from "./plan.ts";
import { answerAtEnd, refuseInShutdown } from "./request-end.ts";
import { takeOffSchedule } from "./schedule.ts";
import { cancelBackoff } from "./settle.ts";
import type { Shutdown } from "./state.ts";
import { beginStop, killRun, wishStop } from "./stopping.ts";
import { abandonTransaction } from "./transaction-end.ts";
import { isEnding } from "./unit.ts";

/** SIGKILL is answered within this, be it by "unkillable". */
export const killMs = 3000;
/** What init may wait for processes that belong to no service. */
export const strayGraceMs = 5000;

export interface ShutdownOrder {
  mode: number;
  exitCode: number;
  reason: string;
}

/** Begins the end of the system; the one that goes on already stays as it is. */
export function beginShutdown(engine: Engine, order: ShutdownOrder): Shutdown {
  const { state, now } = engine;
  if (state.shutdown !== null) return state.shutdown;
  const boundMs = state.plan?.shutdownTimeoutMs ?? longestStopMs(engine.nodes.map(definitionOf));
  const shutdown: Shutdown = {
    ...order,
    sinceBootMs: now.bootMs,
    deadlineMs: now.monotonicMs + boundMs,
    timer: 0,
    forced: false,
    finished: false,
    graceMs: strayGraceMs,
  };
  state.shutdown = shutdown;
  note(engine, null, "shutdown", order.reason);
  log(engine, "info", "Stopping services", { reason: order.reason });
  abandonTransaction(engine, order.reason);
  refuseInShutdown(engine, order.reason);
  for (const node of engine.nodes) {
    cancelBackoff(engine, node);
    takeOffSchedule(engine, node);
    stopListening(engine, node);
    if (node.unit.run === null) {
      const { state: unitState } = node.unit;
      if (unitState === "waiting" || unitState === "backing-off") setState(engine, node, "stopped", "shutdown", "");
    } else wishStop(engine, node, "shutdown");
  }
  if (engine.liveCount > 0) shutdown.timer = armTimer(engine, null, shutdown.deadlineMs);
  return shutdown;
}

/** Kills all that is left, at once. */
export function forceShutdown(engine: Engine, shutdown: Shutdown, reason: string, exitCode: number | null): void {
  if (shutdown.finished) return;
  if (exitCode !== null) shutdown.exitCode = exitCode;
  if (shutdown.forced) return;
  shutdown.forced = true;
  shutdown.graceMs = 0;
  note(engine, null, "shutdown-forced", reason);
  log(engine, "warn", "Killing services", { reason });
  for (const node of engine.nodes) {
    const { run } = node.unit;
    if (run === null) continue;
    if (isEnding(run)) killRun(engine, node, run);
    else beginStop(engine, node, run, "shutdown");
  }
  cancelTimer(engine, shutdown.timer);
  shutdown.deadlineMs = engine.now.monotonicMs + killMs;
  shutdown.timer = armTimer(engine, null, shutdown.deadlineMs);
}

export function shutdownTimerFired(engine: Engine, shutdown: Shutdown): void {
  shutdown.timer = 0;
  if (shutdown.forced) finish(engine, shutdown);
  else forceShutdown(engine, shutdown, "the time for stopping has run out", null);
}

/** After each event of a shutdown: is everything down? */
export function finishIfDown(engine: Engine): void {
  const { shutdown } = engine.state;
  if (shutdown !== null && !shutdown.finished && engine.liveCount === 0) finish(engine, shutdown);
}

function finish(engine: Engine, shutdown: Shutdown): void {
  shutdown.finished = true;
  cancelTimer(engine, shutdown.timer);
  shutdown.timer = 0;
  const left = engine.nodes.filter((node) => node.unit.run !== null).map((node) => node.unit.name);
  if (left.length > 0) log(engine, "error", "Services could not be ended", { services: left.slice(0, 20).join(" ") });
  note(engine, null, "shutdown-finished", left.length > 0 ? `given up: ${left.length}` : "");
  answerAtEnd(engine);
  engine.effects.push({
    kind: "finish-shutdown",
    mode: shutdown.mode,
    exitCode: shutdown.exitCode,
    graceMs: shutdown.graceMs,
  });
}

/** The end of everything when nothing runs, waits or is scheduled; a machine stays up and says so once. */
export function endIfIdle(engine: Engine, endsWhenIdle: boolean, exitMode: number): void {
  const { state } = engine;
  const { plan } = state;
  if (plan === null || state.shutdown !== null) return;
  // A plan without units: the state was lost, and the plan is still to be loaded again.
  if (state.units.length === 0 && plan.services.length > 0) return;
  if (engine.activeCount > 0) {
    state.idleTold = false;
    return;
  }
  if (state.idleTold) return;
  state.idleTold = true;
  const failed = engine.nodes.filter(isFailure);
  const fields: Record<string, string | number> = {};
  if (failed.length > 0)
    fields.failed = failed
      .slice(0, 20)
      .map((node) => node.unit.name)
      .join(" ");
  log(engine, failed.length > 0 ? "warn" : "info", "Nothing runs any more", fields);
  note(engine, null, "idle", failed.length > 0 ? `failed: ${failed.length}` : "");
  if (!endsWhenIdle) return;
  const exitCode = failed.length > 0 ? ExitCode.failed : ExitCode.ok;
  beginShutdown(engine, { mode: exitMode, exitCode, reason: "nothing runs any more" });
}

/** Failed, or cannot start because what it needs has ended. */
function isFailure({ unit, needs }: Node): boolean {
  if (unit.state === "failed") return true;
  return needs.some((edge) => edge.name === unit.blockedBy && edge.to.unit.state === "done");
}

/** Worst case of a whole shutdown: the slowest chain of stops, then the kill of what is left and of strays. */
export function shutdownBoundMs(plan: Plan): number {
  return (plan.shutdownTimeoutMs ?? longestStopMs(plan.services)) + killMs + strayGraceMs;
}

/** Longest way through the graph, each unit with its own worst case; without recursion, since chains may be long. */
export function longestStopMs(services: ServicePlan[]): number {
  const byName = new Map(services.map((service) => [service.name, service]));
  const done = new Map<string, number>();
  /** On the way to where the search is: a need that leads back to one of these is left out. */
  const onTheWay = new Set<string>();
  let longest = 0;
  for (const first of services) {
    const stack = [{ service: first, at: 0, best: 0 }];
    onTheWay.add(first.name);
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { service: ServicePlan; at: number; best: number };
      const { service } = top;
      const known = done.get(service.name);
      const name =
        known !== undefined
          ? undefined
          : (service.dependsOn[top.at]?.name ?? service.after[top.at - service.dependsOn.length]);
      if (name === undefined) {
        const total = known ?? top.best + stopMs(service);
        done.set(service.name, total);
        longest = Math.max(longest, total);
        stack.pop();
        onTheWay.delete(service.name);
        const above = stack[stack.length - 1];
        if (above !== undefined) above.best = Math.max(above.best, total);
        continue;
      }
      top.at++;
      const next = byName.get(name);
      if (next === undefined || onTheWay.has(name)) continue;
      stack.push({ service: next, at: 0, best: 0 });
      onTheWay.add(name);
    }
  }
  return longest;
}

/** One unit alone: its stop limit, the kill, and the same again for post_stop. */
export function stopMs(service: ServicePlan): number {
  if (service.type === "group") return 0;
  const once = service.stop.timeoutMs + killMs;
  return service.postStop.length > 0 ? 2 * once : once;
}
