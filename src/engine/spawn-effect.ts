/** The order to start a process of a run, the same when it is given first and when a new manager gives it again. */

import { ProcessKind } from "../contract.ts";
import type { Effect } from "./effect.ts";
import { definitionOf, type Node } from "./engine.ts";
import type { CommandPlan } from "./plan.ts";
import type { Aux, End, Run } from "./state.ts";

type SpawnEffect = Extract<Effect, { kind: "spawn" }>;

export function spawnOfMain(node: Node, run: Run): SpawnEffect {
  const { name, command, ready, watchdogMs } = definitionOf(node);
  if (command === null) throw new Error(`assert: ${name} has no command`);
  return {
    ...spawnOf(node, run, run.start, ProcessKind.main, command),
    readyFd: ready.kind === "fd" ? ready.fd : null,
    notify: ready.kind === "notify" || watchdogMs !== null,
  };
}

/** A command beside the main process; those of post_stop are told how the run ended. */
export function spawnOfAux(node: Node, run: Run, { ticket, kind }: Aux, command: CommandPlan): SpawnEffect {
  const order = spawnOf(node, run, ticket, kind, command);
  if (kind !== ProcessKind.postStop) return order;
  const { code, signal } = run.end as End;
  return { ...order, ended: { code, signal } };
}

function spawnOf(node: Node, run: Run, ticket: number, processKind: number, command: CommandPlan): SpawnEffect {
  return {
    kind: "spawn",
    ticket,
    startTicket: run.start,
    instance: node.id,
    processKind,
    command,
    restarts: node.unit.restarts,
    readyFd: null,
    notify: false,
    ended: null,
  };
}
