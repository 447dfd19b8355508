/** What a key that is not given is, by role. */

import { Role } from "../contract.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";
import type { LogTarget } from "./logs-keys.ts";

export interface ServiceDefaults {
  umask: number;
  inheritEnvironment: ServicePlan["inheritEnvironment"];
  startTimeoutMs: number;
  logs: LogTarget;
}

const machine: ServiceDefaults = {
  umask: 0o22,
  inheritEnvironment: "none",
  startTimeoutMs: 90_000,
  logs: { to: "file", path: "" },
};

/** Under somebody else's terminal or log collector: what they set up is passed on, and output goes to them. */
const guest: ServiceDefaults = { ...machine, inheritEnvironment: "all", logs: { to: "console" } };

export function serviceDefaults(role: number): ServiceDefaults {
  return role === Role.vm ? machine : guest;
}

export function watchDefault(role: number): Plan["watchConfig"] {
  return role === Role.laptop ? "apply" : "notify";
}
