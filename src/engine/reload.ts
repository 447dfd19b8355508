/** Reload: a signal to the main process, a command beside it, or a restart. It waits until the service is ready. */

import { ProcessKind, SignalScope } from "../contract.ts";
import { spawnAux } from "./aux.ts";
import { definitionOf, type Engine, log, type Node, note, setState } from "./engine.ts";
import type { ReloadPlan } from "./plan.ts";
import type { Run } from "./state.ts";
import { mainTicket } from "./unit.ts";
import { scopeOf, signalName } from "./words.ts";

type Reload = Exclude<ReloadPlan, { kind: "restart" }>;

/** The unit is ready. True: the reload is over at once. */
export function beginReload(engine: Engine, node: Node, run: Run, reload: Reload): boolean {
  if (reload.kind === "signal") {
    note(engine, node, "reload-signal", signalName(reload.signal));
    log(engine, "info", "Reloading service", { service: node.unit.name, signal: signalName(reload.signal) });
    engine.effects.push({
      kind: "signal",
      ticket: mainTicket(run),
      startTicket: run.start,
      instance: node.id,
      signal: reload.signal,
      // A daemon that has forked and gone: what it left is the service.
      scope: run.main === "running" ? SignalScope.process : scopeOf(definitionOf(node).stop.kill),
      ifHandled: true,
    });
    return true;
  }
  log(engine, "info", "Reloading service", { service: node.unit.name });
  setState(engine, node, "reloading", "reload-command", reload.command.argv[0] as string);
  spawnAux(engine, node, run, ProcessKind.reload, reload.command);
  return false;
}

/** The reload command failed: the service goes on as it was, and those who asked are told. */
export function failedReload(engine: Engine, node: Node, reason: string): void {
  log(engine, "warn", "Reload failed", { reason, service: node.unit.name });
  for (const { target } of node.waiters) {
    if (!target.begun) continue;
    target.outcome = "failed";
    target.reason = `reload command ${reason}`;
  }
  setState(engine, node, "ready", "reload-ended", `reload command ${reason}`);
}
