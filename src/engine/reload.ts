/** Reload: a signal to the main process, a command beside it, or a restart. It waits until the service is ready. */

import { ProcessKind, SignalScope } from "../contract.ts";
import { spawnAux } from "./aux.ts";
import type { Effect } from "./effect.ts";
import { definitionOf, type Engine, log, type Node, newTicket, note, setState, touch } from "./engine.ts";
import type { ReloadPlan } from "./plan.ts";
import type { Run } from "./state.ts";
import { mainTicket } from "./unit.ts";
import { scopeOf, signalName } from "./words.ts";

/** The unit is ready, and no other reload of it is under way. */
export function beginReload(
  engine: Engine,
  node: Node,
  run: Run,
  reload: Exclude<ReloadPlan, { kind: "restart" }>,
): void {
  const { name } = node.unit;
  if (reload.kind === "command") {
    log(engine, "info", "Reloading service", { service: name });
    setState(engine, node, "reloading", "reload-command", reload.command.argv[0] as string);
    spawnAux(engine, node, run, ProcessKind.reload, reload.command);
    return;
  }
  const signal = signalName(reload.signal);
  note(engine, node, "reload-signal", signal);
  log(engine, "info", "Reloading service", { service: name, signal });
  run.reload = { ticket: newTicket(engine), signal: reload.signal };
  engine.byTicket.set(run.reload.ticket, node);
  engine.effects.push(reloadSignal(node, run, run.reload));
}

/** The order to send it, the same when it is given first and when a new manager gives it again. */
export function reloadSignal(node: Node, run: Run, { ticket, signal }: NonNullable<Run["reload"]>): Effect {
  return {
    kind: "signal-handler",
    ticket,
    processTicket: mainTicket(run),
    startTicket: run.start,
    instance: node.id,
    signal,
    // A daemon that has forked and gone: what it left is the service.
    scope: run.main === "running" ? SignalScope.process : scopeOf(definitionOf(node).stop.kill),
  };
}

/** The program got it, or does not handle it. */
export function reloadAnswered(engine: Engine, node: Node, run: Run, isSent: boolean): void {
  const { signal } = run.reload as NonNullable<Run["reload"]>;
  forgetReload(engine, run);
  touch(engine, node);
  if (isSent) return;
  const what = `does not handle ${signalName(signal)}`;
  const instead = `change its reload: in the configuration, or restart it with gonit restart ${node.unit.name}`;
  failReload(engine, node, `pid ${run.pid} ${what}`, `${what}; ${instead}`);
  note(engine, node, "reload-ended", what);
}

/** The run ends: an answer that comes later means nothing. */
export function forgetReload(engine: Engine, run: Run): void {
  if (run.reload === null) return;
  engine.byTicket.delete(run.reload.ticket);
  run.reload = null;
}

/** The reload command failed: the service goes on as it was. */
export function failedReload(engine: Engine, node: Node, reason: string): void {
  failReload(engine, node, reason, `reload command ${reason}`);
  setState(engine, node, "ready", "reload-ended", `reload command ${reason}`);
}

/** Those who asked are told. */
function failReload(engine: Engine, node: Node, logged: string, told: string): void {
  log(engine, "warn", "Reload failed", { reason: logged, service: node.unit.name });
  for (const { target } of node.waiters) {
    if (target.goal !== "reload" || !target.begun) continue;
    target.outcome = "failed";
    target.reason = told;
  }
}
