/** What an apply would do, with all that follows from it: what `gonit plan` shows. */

import { type Change, isEqual, planChanges } from "./diff.ts";
import { type Engine, engineOf, type Node } from "./engine.ts";
import type { Plan, ServicePlan } from "./plan.ts";
import type { State } from "./state.ts";
import { isLive } from "./unit.ts";

export interface PlanPreview {
  changes: Change[];
  /** Keys of the file itself that differ. */
  system: string[];
}

export function planPreview(state: State, to: Plan): PlanPreview {
  const engine = engineOf(state);
  const wanted = engine.nodes.filter(({ unit }) => unit.wanted === "up").map(({ unit }) => unit.name);
  const changes = planChanges(state.plan, to, wanted);
  const stopped = changes.map((change) => withState(engine, change));
  return { changes: withDependents(engine, stopped, to), system: systemKeys(state.plan, to) };
}

/** A changed service that is not to run is only known by its new definition from then on. */
function withState(engine: Engine, change: Change): Change {
  if (change.action !== "restart") return change;
  const { unit } = engine.byName.get(change.service) as Node;
  return unit.wanted === "up" ? change : { ...change, action: "keep", because: `${change.because}, but it is stopped` };
}

/** What needs a service that is restarted is stopped before it and comes back after it. */
function withDependents(engine: Engine, changes: Change[], to: Plan): Change[] {
  const byName = new Map(changes.map((change) => [change.service, change]));
  const types = new Map(to.services.map(({ name, type }) => [name, type]));
  const restarted = new Set(changes.filter(({ action }) => action === "restart").map(({ service }) => service));
  for (const name of restarted) {
    for (const service of to.services) {
      const { action } = byName.get(service.name) as Change;
      if (restarted.has(service.name) || (action !== "keep" && action !== "in-place")) continue;
      if (!isBoundTo(service, name, types) || !isRunning(engine, service.name)) continue;
      byName.set(service.name, {
        service: service.name,
        action: "restart",
        because: `needs ${name}, which is restarted`,
      });
      // A set is gone through to its end, also when it grows meanwhile.
      restarted.add(service.name);
    }
  }
  return [...byName.values()];
}

/** As isBinding() of ordering.ts has it, by the new plan. */
function isBoundTo({ dependsOn }: ServicePlan, name: string, types: Map<string, ServicePlan["type"]>): boolean {
  const need = dependsOn.find((one) => one.name === name);
  if (need === undefined) return false;
  return need.required && need.restart && need.wait !== "done" && types.get(name) !== "task";
}

function isRunning(engine: Engine, name: string): boolean {
  const node = engine.byName.get(name);
  return node !== undefined && isLive(node.unit);
}

/** Fields of the plan by the file's words. */
const systemFields = {
  version: "version",
  title: "title",
  description: "description",
  hostname: "hostname",
  watchConfig: "watch_config",
  shutdownTimeoutMs: "shutdown",
  logs: "logs",
  watchdogMs: "watchdog",
} as const satisfies Partial<Record<keyof Plan, string>>;

function systemKeys(from: Plan | null, to: Plan): string[] {
  if (from === null) return [];
  const fields = Object.keys(systemFields) as (keyof typeof systemFields)[];
  return fields.filter((field) => !isEqual(from[field] ?? null, to[field] ?? null)).map((field) => systemFields[field]);
}
