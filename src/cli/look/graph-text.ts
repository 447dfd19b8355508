/** `gonit graph` as trees: below each service what it depends on. One that stands there already is not repeated below. */

import type { GraphEdge, GraphService, SystemGraph } from "../../engine/view-graph.ts";
import type { Paint } from "../output.ts";
import { edgeText, isOrder, type StateGroup, stateGroup } from "./graph-words.ts";

export interface TreeStyle {
  paint: Paint;
  /** Names to make stand out. */
  named: Set<string>;
  unicode: boolean;
}

const paints: Record<StateGroup, Parameters<Paint>[1]> = { up: "green", down: "dim", bad: "red", moving: "yellow" };

export function graphText({ services, edges }: SystemGraph, style: TreeStyle): string {
  const byName = new Map(services.map((service) => [service.name, service]));
  const needed = new Set(edges.filter(isOrder).map(({ to }) => to));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const [branch, last, pipe] = style.unicode ? ["├─ ", "└─ ", "│  "] : ["|- ", "`- ", "|  "];

  const draw = (name: string, head: string, tail: string, how: string): void => {
    const below = edges.filter((edge) => (isOrder(edge) ? edge.from === name : edge.from === name || edge.to === name));
    const isShared = drawn.has(name) && below.length > 0;
    lines.push(head + label(byName.get(name) as GraphService, how, isShared, style));
    if (isShared) return;
    drawn.add(name);
    for (const [at, edge] of below.entries()) {
      const isLast = at === below.length - 1;
      const other = edge.from === name ? edge.to : edge.from;
      if (isOrder(edge)) draw(other, tail + (isLast ? last : branch), tail + (isLast ? "   " : pipe), edgeText(edge));
      else
        lines.push(
          tail + (isLast ? last : branch) + label(byName.get(other) as GraphService, edgeText(edge), false, style),
        );
    }
  };
  for (const { name } of services) if (!needed.has(name)) draw(name, "", "", "");
  return lines.join("\n");
}

function label(service: GraphService, how: string, isShared: boolean, { paint, named }: TreeStyle): string {
  const name = named.has(service.name) ? paint(service.name, "bold") : service.name;
  const asked = how === "" ? "" : ` [${how}]`;
  const above = isShared ? ` ${paint("(above)", "dim")}` : "";
  return `${name}${asked} ${paint(service.shown, paints[stateGroup(service.state)])}${above}`;
}

/** The services of these names, with all that they depend on and all that depends on them. */
export function around(graph: SystemGraph, names: Set<string>): SystemGraph {
  const kept = new Set([
    ...names,
    ...reached(graph.edges, names, "from", "to"),
    ...reached(graph.edges, names, "to", "from"),
  ]);
  return {
    services: graph.services.filter(({ name }) => kept.has(name)),
    edges: graph.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

function reached(edges: GraphEdge[], names: Set<string>, begin: "from" | "to", end: "from" | "to"): Set<string> {
  const found = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const edge of edges) {
      if (!isOrder(edge) || edge[begin] !== name || found.has(edge[end])) continue;
      found.add(edge[end]);
      pending.push(edge[end]);
    }
  }
  return found;
}
