/** `gonit graph`: services and the dependencies between them, as the present plan has them. */

import { engineOf } from "./engine.ts";
import type { DependencyWait } from "./plan.ts";
import type { State } from "./state.ts";
import type { ServiceStatus, StateName } from "./view.ts";
import { shownState } from "./view-words.ts";

export interface GraphService {
  name: string;
  type: ServiceStatus["type"];
  tags: string[];
  state: StateName;
  shown: string;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** need: depends_on. after: order only. conflict: starting one stops the other; told once, not in both directions. */
  kind: "need" | "after" | "conflict";
  /** What `to` has to be before `from` starts; empty for conflicts. */
  wait: DependencyWait | "";
  required: boolean;
  /** Whether `from` is started again with `to`. */
  restart: boolean;
}

export interface SystemGraph {
  services: GraphService[];
  edges: GraphEdge[];
}

export function systemGraph(state: State): SystemGraph {
  const { nodes } = engineOf(state);
  const services = nodes.map(({ unit, plan }) => {
    const { name, state } = unit;
    return { name, type: plan.type, tags: plan.tags, state, shown: shownState(unit, plan) };
  });
  const edges: GraphEdge[] = [];
  for (const node of nodes) {
    const from = node.unit.name;
    for (const { old, name: to, kind, wait, required, restart } of node.needs)
      if (!old) edges.push({ from, to, kind, wait, required, restart });
    for (const { unit } of node.conflicts) {
      if (from < unit.name)
        edges.push({ from, to: unit.name, kind: "conflict", wait: "", required: false, restart: false });
    }
  }
  return { services, edges };
}
