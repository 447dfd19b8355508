/** Reload: a signal to the main process, a command beside it, or a restart. It waits until the service is ready. */

import { ProcessKind, SignalScope } from "../contract.ts";
import { spawnAux } from "./aux.ts";
import { definitionOf, type Engine, log, type Node, note, setState } from "./engine.ts";
import type { Run } from "./state.ts";
import { scopeOf, signalName } from "./words.ts";

/** The unit is ready and its reload is no restart. True: it is over at once. */
export function beginReload(engine: Engine, node: Node, run: Run): boolean {
  const { reload } = definitionOf(node);
  if (reload.kind === "signal") {
    note(engine, node, "reload-signal", signalName(reload.signal));
    log(engine, "info", "Reloading service", { service: node.unit.name, signal: signalName(reload.signal) });
    engine.effects.push({
      kind: "signal",
      ticket: run.start,
      startTicket: run.start,
      instance: node.id,
      signal: reload.signal,
      // A daemon that has forked and gone: what it left is the service.
      scope: run.main === "running" ? SignalScope.process : scopeOf(definitionOf(node).stop.kill),
    });
    return true;
  }
  if (reload.kind === "restart") throw new Error("assert: a reload that is a restart");
  log(engine, "info", "Reloading service", { service: node.unit.name });
  setState(engine, node, "reloading", "reload-command", reload.command.argv[0] ?? "");
  spawnAux(engine, node, run, ProcessKind.reload, reload.command);
  return false;
}

/** The reload command failed: the service goes on as it was, and those who asked are told. */
export function failedReload(engine: Engine, node: Node, reason: string): void {
  log(engine, "warn", "Reload failed", { reason, service: node.unit.name });
  for (const { target } of node.waiters) {
    if (target.goal !== "reload" || target.outcome !== "" || !target.begun) continue;
    target.outcome = "failed";
    target.reason = `reload command ${reason}`;
  }
  setState(engine, node, "ready", "reload-ended", `reload command ${reason}`);
}
