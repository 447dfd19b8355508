/** The slowest chain of stops: what `gonit check` names beside the bound of a whole shutdown. */

import type { ServicePlan } from "../engine/plan.ts";
import { stopMs } from "../engine/shutdown.ts";

export interface LongestStop {
  boundMs: number;
  /** In the order in which they stop. */
  path: string[];
}

interface Way {
  ms: number;
  /** What stops after it on the slowest way. */
  next: string | null;
}

/** A service stops before what it needs or comes after. The plan has no cycles; chains may be thousands long. */
export function longestStop(services: ServicePlan[]): LongestStop {
  const byName = new Map(services.map((service) => [service.name, service]));
  const ways = new Map<string, Way>();
  for (const { name } of services) findWay(name, byName, ways);
  let first: string | null = null;
  for (const [name, { ms }] of ways) if (first === null || ms > (ways.get(first) as Way).ms) first = name;
  const path: string[] = [];
  for (let at = first; at !== null; at = ways.get(at)?.next ?? null) path.push(at);
  return { boundMs: first === null ? 0 : (ways.get(first) as Way).ms, path };
}

function findWay(start: string, services: Map<string, ServicePlan>, ways: Map<string, Way>): void {
  const stack = [start];
  while (stack.length > 0) {
    const name = stack[stack.length - 1] as string;
    const service = services.get(name) as ServicePlan;
    const after = [...service.dependsOn.map((need) => need.name), ...service.after];
    const missing = after.filter((other) => !ways.has(other));
    if (missing.length > 0 && !ways.has(name)) stack.push(...missing);
    else {
      stack.pop();
      if (!ways.has(name)) ways.set(name, slowest(service, after, ways));
    }
  }
}

function slowest(service: ServicePlan, after: string[], ways: Map<string, Way>): Way {
  let next: string | null = null;
  for (const name of after) if (next === null || (ways.get(name) as Way).ms > (ways.get(next) as Way).ms) next = name;
  return { ms: stopMs(service) + (next === null ? 0 : (ways.get(next) as Way).ms), next };
}
