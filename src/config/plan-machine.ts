/**
 * What a machine needs before its services, as a task that all of them wait for. It is a service like any other, so
 * `status`, `why` and `start` speak of it; when it fails, the console gets a rescue shell.
 */

import { Role } from "../contract.ts";
import type { DependencyPlan, MachinePlan, ServicePlan } from "../engine/plan.ts";
import type { Collected, CollectedService } from "./collect.ts";
import type { FileAccess } from "./files.ts";
import { type Problems, quoted } from "./problems.ts";

/** Name of the task, and of the built-in that it runs. */
export const machineService = "machine";
/** The modules that the image builder chose: a line each, path, blank, options. */
const imageModules = "/system/modules";
/** A file system check of a large disk takes its time. */
const limitMs = 3_600_000;

/** Null: nothing is said about the machine. */
export function planMachine(system: Collected["system"]): MachinePlan | null {
  const { modules = [], mounts = [] } = system;
  const sysctl: Record<string, string> = {};
  for (const [name, value] of Object.entries(system.sysctl ?? {})) if (value !== null) sysctl[name] = value;
  const isEmpty = modules.length === 0 && mounts.length === 0 && Object.keys(sysctl).length === 0;
  return isEmpty ? null : { modules, sysctl, mounts };
}

/** Elsewhere than on a machine these are the host's affair. */
export function machineNote(machine: MachinePlan | null, role: number): string | null {
  if (machine === null || role === Role.vm) return null;
  return "modules, sysctl and mounts are those of a machine: they are left alone here";
}

/** The task as if it stood in the configuration; null: there is nothing for it to do. */
export function machineTask(
  machine: MachinePlan | null,
  collected: Collected,
  role: number,
  main: string,
  files: FileAccess,
  problems: Problems,
): CollectedService | null {
  if (role !== Role.vm || (machine === null && files.kindOf(imageModules) !== "file")) return null;
  const other = collected.services.get(machineService);
  if (other !== undefined) {
    const node = other.nodes[0];
    const fix = "give it another name";
    const why = `cannot name a service ${quoted(machineService)}: that is the task for modules, sysctl and mounts`;
    if (node !== undefined) problems.at(node, "name", why, { fix });
    return null;
  }
  return {
    name: machineService,
    values: {
      description: "Modules, kernel settings and file systems",
      type: "task",
      critical: "rescue",
      // It tells what failed although it is not required, for `gonit status machine`.
      ready: { kind: "notify" },
      restart: { policy: "no" },
      timeout: { start: limitMs, run: limitMs },
      logs: { to: { to: "console" } },
    },
    nodes: [],
    definedAt: main,
    whole: true,
  };
}

/**
 * Everything waits for the machine; what runs is left running when it is prepared again. Variables are the services': a
 * change of one is no reason to prepare it again.
 */
export function afterMachine(services: ServicePlan[]): void {
  const need: DependencyPlan = { name: machineService, wait: "done", required: true, restart: false };
  for (const service of services) {
    if (!isMachineTask(service)) service.dependsOn = [need, ...service.dependsOn];
    else Object.assign(service, { environment: {}, environmentFiles: [], environmentProblem: null });
  }
}

export function isMachineTask({ command }: Pick<ServicePlan, "command">): boolean {
  return command?.builtin === machineService;
}
