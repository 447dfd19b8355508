/**
 * Replicas: a service of N replicas is N services of the plan, NAME@1 to NAME@N, that differ in what they cannot share.
 * Whoever refers to the service refers to all of them.
 */

import { familyOf } from "./instance.ts";
import { removeDirectories, type ServicePlan } from "./plan.ts";

export const replicasMax = 1000;

/** Each family in `counts` gets so many members, where its first one stands. */
export function scaledServices(services: ServicePlan[], counts: Map<string, number>): ServicePlan[] {
  if (counts.size === 0) return services;
  const seen = new Set<string>();
  const names = (list: string[]) => [...new Set(list.flatMap((name) => membersOf(name, counts)))];
  return services.flatMap((service) => {
    const family = familyOf(service.name);
    const count = counts.get(family);
    const linked = { ...service, after: names(service.after), conflicts: names(service.conflicts) };
    linked.dependsOn = dependencies(service, counts);
    if (count === undefined) return [linked];
    if (seen.has(family)) return [];
    seen.add(family);
    return Array.from({ length: count }, (_, at) => renumbered(linked, `@${at + 1}`));
  });
}

function membersOf(name: string, counts: Map<string, number>): string[] {
  const family = familyOf(name);
  const count = counts.get(family);
  return count === undefined ? [name] : Array.from({ length: count }, (_, at) => `${family}@${at + 1}`);
}

function dependencies({ dependsOn }: ServicePlan, counts: Map<string, number>): ServicePlan["dependsOn"] {
  const needs = new Map<string, ServicePlan["dependsOn"][number]>();
  for (const need of dependsOn)
    for (const name of membersOf(need.name, counts)) if (!needs.has(name)) needs.set(name, { ...need, name });
  return [...needs.values()];
}

/**
 * The member of another number, or the service itself (""): a log file and a run directory are each one's own, for the one
 * is rotated, and the other removed at each end.
 */
function renumbered(service: ServicePlan, to: string): ServicePlan {
  const family = familyOf(service.name);
  const from = service.name.slice(family.length);
  const { logs, directories } = service;
  const swapped = (name: string) => name.slice(0, name.length - from.length) + to;
  const path = logs.path.replace(new RegExp(`${from}(\\.[^./]*)?$`), `${to}$1`);
  const run = directories?.run.map((one) => ({ ...one, name: swapped(one.name) })) ?? [];
  const postStop = service.postStop.map((command) => {
    const [program = "", ...names] = command.argv;
    return command.builtin === removeDirectories ? { ...command, argv: [program, ...names.map(swapped)] } : command;
  });
  return {
    ...service,
    name: family + to,
    logs: logs.to === "file" ? { ...logs, path } : logs,
    directories: directories === null ? null : { ...directories, run },
    postStop,
  };
}

/** One entry for each family, with the number of its members; 0: it has no replicas. References name families. */
export function families(services: ServicePlan[]): { service: ServicePlan; replicas: number }[] {
  const found = new Map<string, { service: ServicePlan; replicas: number }>();
  const once = (names: string[]) => [...new Set(names.map(familyOf))];
  for (const service of services) {
    const family = familyOf(service.name);
    const known = found.get(family);
    if (known !== undefined) {
      known.replicas++;
      continue;
    }
    const single = { ...renumbered(service, ""), after: once(service.after), conflicts: once(service.conflicts) };
    const needs = new Map(service.dependsOn.map((need) => [familyOf(need.name), need]));
    single.dependsOn = [...needs].map(([name, need]) => ({ ...need, name }));
    found.set(family, { service: single, replicas: family === service.name ? 0 : 1 });
  }
  return [...found.values()];
}
