/** What services say about each other: every name must be a service's, and nothing may wait for itself. */

import type { DependencyPlan, ServicePlan } from "../engine/plan.ts";
import type { CollectedService } from "./collect.ts";
import { checkFeeds } from "./feeds.ts";
import { lineOf, placeOf, type YamlNode } from "./node.ts";
import { type Problems, quoted } from "./problems.ts";
import { didYouMean } from "./suggest.ts";
import type { Reference } from "./values.ts";

interface Edge {
  /** The service that waits, and the one that it waits for. */
  from: string;
  to: string;
  /** depends on, starts after, or is before. */
  how: string;
  node: YamlNode;
}

interface Graph {
  services: Map<string, CollectedService>;
  plans: Map<string, ServicePlan>;
  /** What each service waits for. */
  edges: Map<string, Edge[]>;
  problems: Problems;
}

/** Fills dependsOn, after and conflicts of the plans. */
export function linkServices(
  services: Map<string, CollectedService>,
  plans: Map<string, ServicePlan>,
  problems: Problems,
): void {
  const graph: Graph = { services, plans, edges: new Map(), problems };
  const after = new Map<string, Set<string>>();
  const conflicts = new Map<string, Set<string>>();
  for (const { name, values } of services.values()) {
    const plan = plans.get(name) as ServicePlan;
    if (values.depends_on !== undefined) plan.dependsOn = dependenciesOf(name, values.depends_on, graph);
    for (const other of known(values.after, graph)) order(name, other.name, "starts after", other.node, after, graph);
    for (const other of known(values.before, graph)) order(other.name, name, "is before", other.node, after, graph);
    for (const other of known(values.conflicts, graph)) addConflict(name, other, conflicts, graph);
  }
  for (const [name, others] of after) (plans.get(name) as ServicePlan).after = [...others].sort();
  for (const [name, others] of conflicts) (plans.get(name) as ServicePlan).conflicts = [...others].sort();
  checkFeeds(services, plans, problems, (reference) => isKnown(reference, graph));
  findCycles(graph);
}

const noReferences: Reference[] = [];

function known(references: Reference[] | undefined, graph: Graph): Reference[] {
  return references === undefined ? noReferences : references.filter((reference) => isKnown(reference, graph));
}

function isKnown({ name, node }: Reference, { services, problems }: Graph): boolean {
  if (services.has(name)) return true;
  if (name === "") return false;
  const near = problems.list.length < 50 ? didYouMean(name, services.keys()) : "";
  problems.at(node, "unknown-service", `cannot refer to ${quoted(name)}: there is no such service`, {
    fix: near === "" ? "add the service, or remove the name" : near,
  });
  return false;
}

type Source = NonNullable<CollectedService["values"]["depends_on"]>[number];

function dependenciesOf(name: string, sources: Source[], graph: Graph): DependencyPlan[] {
  const { problems, plans } = graph;
  const seen = new Map<string, YamlNode>();
  const found: DependencyPlan[] = [];
  for (const source of sources) {
    if (!isKnown(source, graph)) continue;
    const first = seen.get(source.name);
    if (first !== undefined) {
      problems.at(
        source.node,
        "duplicate",
        `cannot depend on ${source.name} twice: it stands at ${lineOf(first)} already`,
        { fix: "keep one of the two" },
      );
      continue;
    }
    seen.set(source.name, source.node);
    const target = plans.get(source.name) as ServicePlan;
    const wait = source.wait ?? (target.type === "task" ? "done" : "ready");
    if (wait === "done" && target.type !== "group" && target.restart.policy === "always") {
      problems.at(source.node, "impossible", `cannot wait until ${source.name} is done: it is always restarted`, {
        fix: "wait for ready, or make it type: task",
      });
    }
    addEdge({ from: name, to: source.name, how: "depends on", node: source.node }, graph);
    found.push({ name: source.name, wait, required: source.required, restart: source.restart });
  }
  return found;
}

function order(
  from: string,
  to: string,
  how: string,
  node: YamlNode,
  after: Map<string, Set<string>>,
  graph: Graph,
): void {
  addTo(after, from, to);
  addEdge({ from, to, how, node }, graph);
}

function addConflict(name: string, other: Reference, conflicts: Map<string, Set<string>>, graph: Graph): void {
  const depends = graph.services
    .get(name)
    ?.values.depends_on?.find((source) => source.name === other.name && source.required);
  if (other.name === name)
    graph.problems.at(other.node, "contradiction", `cannot let ${name} conflict with itself`, { fix: "remove it" });
  if (depends !== undefined) {
    graph.problems.at(other.node, "contradiction", `cannot let ${name} conflict with ${other.name}: it depends on it`, {
      fix: "remove one of the two",
      related: [{ text: `${name} depends on ${other.name}`, place: placeOf(depends.node) }],
    });
  }
  addTo(conflicts, name, other.name);
  addTo(conflicts, other.name, name);
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function addEdge(edge: Edge, { edges }: Graph): void {
  const list = edges.get(edge.from);
  if (list === undefined) edges.set(edge.from, [edge]);
  else list.push(edge);
}

/** Depth first, with a stack of its own: a chain of thousands must not need as many calls. */
function findCycles(graph: Graph): void {
  const finished = new Set<string>();
  const told = new Set<string>();
  for (const start of graph.edges.keys()) {
    if (finished.has(start)) continue;
    const path: { name: string; next: number; by: Edge | null }[] = [{ name: start, next: 0, by: null }];
    const onPath = new Map([[start, 0]]);
    while (path.length > 0) {
      const top = path[path.length - 1] as (typeof path)[number];
      const edge = graph.edges.get(top.name)?.[top.next++];
      if (edge === undefined) {
        finished.add(top.name);
        onPath.delete(top.name);
        path.pop();
        continue;
      }
      const at = onPath.get(edge.to);
      if (at !== undefined) {
        const cycle = [...path.slice(at + 1).map(({ by }) => by as Edge), edge];
        if (!cycle.every(({ from }) => told.has(from))) tellCycle(cycle, graph.problems);
        for (const { from } of cycle) told.add(from);
      } else if (!finished.has(edge.to)) {
        onPath.set(edge.to, path.length);
        path.push({ name: edge.to, next: 0, by: edge });
      }
    }
  }
}

const shownEdges = 12;

function tellCycle(cycle: Edge[], problems: Problems): void {
  const first = cycle[0] as Edge;
  const names = cycle.map(({ from }) => from);
  const shown =
    names.length > shownEdges ? [...names.slice(0, shownEdges), `… (${names.length - shownEdges} more)`] : names;
  problems.at(
    first.node,
    "cycle",
    `cannot order the services: ${[...shown, first.from].join(" → ")} is a cycle, each waits for the next`,
    {
      fix: "remove one of these",
      related: cycle.slice(0, shownEdges).map(({ from, to, how, node }) => ({
        text: how === "is before" ? `${to} is before ${from}` : `${from} ${how} ${to}`,
        place: placeOf(node),
      })),
    },
  );
}
