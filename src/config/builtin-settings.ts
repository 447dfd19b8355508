/** What the built-in services are told: the keys of the file that are theirs, and the defaults of the role. */

import { Role } from "../contract.ts";
import type { NetworkingSettings, TerminalSettings, TerminalsSettings } from "../engine/builtin-settings.ts";
import type { BuiltinSettings } from "../engine/plan.ts";
import type { Merged } from "./collect.ts";
import type { NetworkingValues } from "./networking-keys.ts";
import { machineService, planMachine } from "./plan-machine.ts";
import type { SystemValues } from "./system-keys.ts";

/** By the service's name. null: there is nothing to tell. */
export function builtinSettings(name: string, role: number, system: Merged<SystemValues>): BuiltinSettings | null {
  if (name === machineService) return planMachine(system) ?? { modules: [], sysctl: {}, mounts: [] };
  if (name === "networking") return networkingSettings(role, system);
  return name === "terminals" ? terminalsSettings(role, system.terminals) : null;
}

function networkingSettings(role: number, system: Merged<SystemValues>): NetworkingSettings | null {
  const values = (system.networking ?? {}) as Merged<NetworkingValues>;
  // A laptop's name is not ours to change.
  const hostname = role === Role.laptop ? "" : (system.hostname ?? "");
  if (system.networking === undefined && hostname === "" && role !== Role.vm) return null;
  const interfaces = Object.entries(values.interfaces ?? {});
  return {
    interfaces: interfaces.flatMap(([name, one]) => (one === null ? [] : { name, ...one })),
    automatic: role === Role.vm && values.interfaces === undefined,
    hostname,
    dns: values.dns ?? [],
    search: values.search ?? [],
  };
}

function terminalsSettings(role: number, terminals: TerminalSettings[] | undefined): TerminalsSettings | null {
  if (terminals === undefined && role !== Role.vm) return null;
  return { terminals: terminals ?? null, isMachine: role === Role.vm };
}
