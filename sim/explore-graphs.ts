/**
 * The systems that are explored: graphs of a few services with every kind of dependency, each once up to isomorphism
 * (two graphs that differ only in which service has which name behave alike).
 */

import { Role } from "../src/contract.ts";
import type { DependencyWait, Plan, ServicePlan } from "../src/engine/plan.ts";
import { Dice } from "./chance.ts";
import { command, restart, service, system } from "./plans.ts";

export type Link =
  | { kind: "need"; wait: DependencyWait; required: boolean; restart: boolean }
  | { kind: "after" }
  | { kind: "conflict" };

/** `from` depends on, comes after, or conflicts with `to`; both are places in Graph.kinds. */
export interface Edge {
  from: number;
  to: number;
  link: Link;
}

/**
 * probed: ready by a probe. dormant: the same, started on request or as a need only. reloading: the same with a run limit
 * and a reload command. task: ends by itself. hooked: pre_start, post_stop and a stop command. forking: ready when its
 * program has ended well. naming: the same, when its pid file has named its main process too. notifying: tells that it is
 * ready. checked: its health is asked, and restarts it; it is watched. observed: its health is asked, and nothing is done
 * about it. scheduled, queueing, replacing: tasks that run at times, by what becomes of a time that comes in a run.
 */
export const serviceKinds = [
  "probed",
  "dormant",
  "reloading",
  "task",
  "group",
  "hooked",
  "forking",
  "naming",
  "notifying",
  "checked",
  "observed",
  "scheduled",
  "queueing",
  "replacing",
] as const;
export type ServiceKind = (typeof serviceKinds)[number];

export interface Graph {
  kinds: ServiceKind[];
  edges: Edge[];
}

const waits: DependencyWait[] = ["started", "ready", "healthy", "done"];

/** Every dependency that a configuration can say. */
export function everyLink(): Link[] {
  const needs = waits.flatMap((wait) =>
    [true, false].flatMap((required) =>
      [true, false].map((restart): Link => ({ kind: "need", wait, required, restart })),
    ),
  );
  return [...needs, { kind: "after" }, { kind: "conflict" }];
}

/**
 * One of each class that the engine tells apart: it treats `healthy` as `ready`, and looks at `restart` only where the
 * dependency is required and not waited for until it is done (isBinding() in src/engine/ordering.ts). That the others
 * behave the same is tested with two services.
 */
export function classOf(link: Link): Link {
  if (link.kind !== "need") return link;
  const wait = link.wait === "healthy" ? "ready" : link.wait;
  return { ...link, wait, restart: link.restart && link.required && wait !== "done" };
}

export function linkClasses(): Link[] {
  const classes = new Map(everyLink().map((link) => [link.kind + linkText(classOf(link)), classOf(link)]));
  return [...classes.values()];
}

/** What may stand between two services: nothing, one link in either direction, or a conflict, which has none. */
type Relation = { link: Link; forward: boolean } | null;

function relationsOf(links: Link[]): Relation[] {
  const relations: Relation[] = [null];
  for (const link of links) {
    relations.push({ link, forward: true });
    if (link.kind !== "conflict") relations.push({ link, forward: false });
  }
  return relations;
}

function pairsOf(count: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let from = 0; from < count; from++) for (let to = from + 1; to < count; to++) pairs.push([from, to]);
  return pairs;
}

/** All graphs of these links, each once up to isomorphism, those with a cycle left out as the configuration does. */
export function graphsOf(kinds: ServiceKind[], links: Link[]): Graph[] {
  const relations = relationsOf(links);
  const pairs = pairsOf(kinds.length);
  const found = new Map<string, Graph>();
  for (let number = 0; number < relations.length ** pairs.length; number++) {
    let rest = number;
    const graph: Graph = { kinds, edges: [] };
    for (const [from, to] of pairs) {
      addRelation(graph, from, to, relations[rest % relations.length] as Relation);
      rest = Math.floor(rest / relations.length);
    }
    addOnce(found, graph);
  }
  return [...found.values()];
}

/** So many different ones of them, chosen by a seed: where there are too many to try all. */
export function someGraphsOf(kinds: ServiceKind[], links: Link[], count: number, seed: number): Graph[] {
  const relations = relationsOf(links);
  const dice = new Dice(seed);
  const found = new Map<string, Graph>();
  while (found.size < count) {
    const graph: Graph = { kinds, edges: [] };
    for (const [from, to] of pairsOf(kinds.length)) addRelation(graph, from, to, dice.pick(relations));
    addOnce(found, graph);
  }
  return [...found.values()];
}

function addRelation(graph: Graph, from: number, to: number, relation: Relation): void {
  if (relation === null) return;
  const { link, forward } = relation;
  graph.edges.push(forward ? { from, to, link } : { from: to, to: from, link });
}

function addOnce(found: Map<string, Graph>, graph: Graph): void {
  if (hasCycle(graph)) return;
  const name = canonicalText(graph);
  if (!found.has(name)) found.set(name, graph);
}

function hasCycle(graph: Graph): boolean {
  const edges = graph.edges.filter(({ link }) => link.kind !== "conflict");
  let left = graph.kinds.map((_, at) => at);
  for (;;) {
    const free = left.filter((at) => edges.every(({ from, to }) => from !== at || !left.includes(to)));
    if (free.length === 0) return left.length > 0;
    left = left.filter((at) => !free.includes(at));
  }
}

/** The same text for isomorphic graphs: the least of all ways to number the services. */
function canonicalText(graph: Graph): string {
  let least = "";
  for (const order of ordersOf(graph.kinds.length)) {
    const text = graphText(renumbered(graph, order));
    if (least === "" || text < least) least = text;
  }
  return least;
}

/** `order[at]` is the new place of the service `at`. */
export function renumbered(graph: Graph, order: number[]): Graph {
  const kinds: ServiceKind[] = [];
  for (const [at, kind] of graph.kinds.entries()) kinds[order[at] as number] = kind;
  const edges = graph.edges.map(({ from, to, link }) => {
    const [newFrom, newTo] = [order[from] as number, order[to] as number];
    return link.kind === "conflict" && newFrom > newTo
      ? { from: newTo, to: newFrom, link }
      : { from: newFrom, to: newTo, link };
  });
  return { kinds, edges };
}

const orders = new Map<number, number[][]>();

function ordersOf(count: number): number[][] {
  const known = orders.get(count);
  if (known !== undefined) return known;
  const made =
    count === 0
      ? [[]]
      : ordersOf(count - 1).flatMap((order) =>
          [...order, 0].map((_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
        );
  orders.set(count, made);
  return made;
}

export const serviceNames = ["a", "b", "c", "d"];

/** `a=probed b=task a>b/done a>b/ready/optional/kept a~b (after) a!b (conflicts)`: graphOf() reads it. */
export function graphText(graph: Graph): string {
  const nodes = graph.kinds.map((kind, at) => `${serviceNames[at]}=${kind}`);
  const edges = graph.edges.map(
    ({ from, to, link }) => `${serviceNames[from]}${marks[link.kind]}${serviceNames[to]}${linkText(link)}`,
  );
  return [...nodes, ...edges.sort()].join(" ");
}

const marks = { need: ">", after: "~", conflict: "!" };

function linkText(link: Link): string {
  if (link.kind !== "need") return "";
  return `/${link.wait}${link.required ? "" : "/optional"}${link.restart ? "" : "/kept"}`;
}

/** Reads what graphText() writes. */
export function graphOf(text: string): Graph {
  const graph: Graph = { kinds: [], edges: [] };
  for (const word of text.trim().split(/\s+/)) {
    const [ends = "", ...rest] = word.split("/");
    const [from = "", mark = "", to = ""] = /^(\w+)([=>~!])(\w+)$/.exec(ends)?.slice(1) ?? [];
    if (mark === "=") graph.kinds.push(to as ServiceKind);
    else if (mark === "") throw new Error(`"${word}" is no part of a graph`);
    else graph.edges.push({ from: serviceNames.indexOf(from), to: serviceNames.indexOf(to), link: linkOf(mark, rest) });
  }
  return graph;
}

function linkOf(mark: string, words: string[]): Link {
  if (mark === "~") return { kind: "after" };
  if (mark === "!") return { kind: "conflict" };
  const wait = words[0] as DependencyWait;
  return { kind: "need", wait, required: !words.includes("optional"), restart: !words.includes("kept") };
}

/** The plan of a graph; the system stays up when nothing runs, unless its role is a container. */
export function planOf(graph: Graph, role: number = Role.vm): Plan {
  const services = graph.kinds.map((kind, at) => serviceOf(kind, serviceNames[at] as string));
  for (const { from, to, link } of graph.edges) {
    const [one, other] = [services[from] as ServicePlan, services[to] as ServicePlan];
    if (link.kind === "after") one.after.push(other.name);
    else if (link.kind === "conflict") {
      one.conflicts.push(other.name);
      other.conflicts.push(one.name);
    } else {
      const { wait, required, restart } = link;
      one.dependsOn.push({ name: other.name, wait, required, restart });
    }
  }
  return system(services, { role });
}

function serviceOf(kind: ServiceKind, name: string): ServicePlan {
  return service(name, { dependsOn: [], after: [], conflicts: [], ...ownKeys(kind) });
}

const schedule = { kind: "every", text: "every 1m", everyMs: 60_000, jitterMs: 0, missed: "skip" } as const;

function ownKeys(kind: ServiceKind): Partial<ServicePlan> {
  const probe = { kind: "exec", command: command("/bin/probe"), intervalMs: 1000, timeoutMs: 1000 } as const;
  switch (kind) {
    case "probed":
    case "dormant":
      return {
        enabled: kind === "probed",
        ready: probe,
        reload: { kind: "signal", signal: 1 },
        // Never reached; it keeps a service from counting as stuck.
        restart: restart({ limit: { count: 100, windowMs: 60_000 } }),
      };
    case "reloading":
      return { ready: probe, runTimeoutMs: 3_600_000, reload: { kind: "command", command: command("/bin/reload") } };
    case "task":
      return { type: "task" };
    case "scheduled":
      return { type: "task", schedule: { ...schedule, overlap: "skip" } };
    case "queueing":
      return { type: "task", schedule: { ...schedule, overlap: "queue" } };
    case "replacing":
      return { type: "task", schedule: { ...schedule, overlap: "replace" } };
    case "group":
      return { type: "group", command: null };
    case "hooked":
      return {
        preStart: [command("/bin/before")],
        postStop: [command("/bin/after")],
        stop: { signal: 15, command: command("/bin/stop"), timeoutMs: 10_000, kill: "tree" },
      };
    case "forking":
      return { ready: { kind: "exit" } };
    case "naming":
      return { ready: { kind: "exit" }, pidFile: "/run/a.pid" };
    case "notifying":
      return { ready: { kind: "notify" }, reload: { kind: "signal", signal: 1 } };
    case "checked":
    case "observed": {
      const isChecked = kind === "checked";
      const health = { probe, intervalMs: 1000, failures: 2, startPeriodMs: 0 };
      return { health: { ...health, action: isChecked ? "restart" : "none" }, watchdogMs: isChecked ? 60_000 : null };
    }
  }
}
