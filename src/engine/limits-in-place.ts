/**
 * Which changes of a service's limits reach the processes that run, and which need new ones. Files of a cgroup can be
 * written at any time; limits of a process can be lowered by anybody, raised with privileges (prlimit(2)); and what no
 * limit is must be asked of a process that was started without one. Pure: the facts of the place are given.
 */

import { needsCgroup } from "./enforce-limits.ts";
import type { LimitsPlace, LimitsPlan, ServicePlan } from "./plan.ts";

/** The configuration's words. */
export const limitKeys = {
  memoryBytes: "memory",
  memoryHighBytes: "memory_high",
  cpu: "cpu",
  cpuWeight: "cpu_weight",
  ioWeight: "io_weight",
  pids: "pids",
  files: "files",
  coreBytes: "core",
  nice: "nice",
  oomScoreAdj: "oom_score_adj",
  delegate: "delegate",
} as const satisfies Record<keyof LimitsPlan, string>;

type Limited = Pick<ServicePlan, "limits" | "user">;

const fields = Object.keys(limitKeys) as (keyof LimitsPlan)[];

/** Which controller of cgroup v2 holds what, for all processes of a service together. */
const controllers: Partial<Record<keyof LimitsPlan, string>> = {
  memoryBytes: "memory",
  memoryHighBytes: "memory",
  cpu: "cpu",
  cpuWeight: "cpu",
  ioWeight: "io",
  pids: "pids",
};

export function changedLimits(from: LimitsPlan | null, to: LimitsPlan | null): (keyof LimitsPlan)[] {
  return fields.filter((field) => (from?.[field] ?? null) !== (to?.[field] ?? null));
}

/**
 * Of the changes, those that need new processes. `user`: what the service runs as, empty for gonit's own. `place`:
 * undefined where nothing is known of it.
 */
export function fixedLimits(
  { limits: from }: Limited,
  { limits: to, user }: Limited,
  place: LimitsPlace | undefined,
): (keyof LimitsPlan)[] {
  const changed = changedLimits(from, to);
  if (place === undefined) return changed;
  const isMoved = place.groups === "where-needed" && needsCgroup(from) !== needsCgroup(to);
  return changed.filter((field) => {
    // A program asks once, when it starts, what it may do.
    if (field === "delegate") return place.groups !== "none";
    if (isMoved && controllers[field] !== undefined) return true;
    return isFixed(field, from?.[field] ?? null, to?.[field] ?? null, { ...place, isOwn: user === "" });
  });
}

interface Rights extends LimitsPlace {
  /** The processes are of gonit's own user: without privileges it may change no others. */
  isOwn: boolean;
}

function isFixed(
  field: Exclude<keyof LimitsPlan, "delegate">,
  from: number | null,
  to: number | null,
  place: Rights,
): boolean {
  const { isOwn, mayRaise, mayHurry } = place;
  if (place.controllers.includes(controllers[field] ?? "")) return field === "ioWeight" && to === null;
  switch (field) {
    case "memoryHighBytes":
    case "cpu":
    case "cpuWeight":
    case "ioWeight":
      // Nothing here applies them.
      return false;
    case "nice":
      return to === null || !(mayHurry || (isOwn && from !== null && to >= from));
    case "oomScoreAdj":
      return to === null || !(mayRaise || (isOwn && from !== null && to >= from));
    default:
      return to === null || !(mayRaise || (isOwn && from !== null && amount(to) <= amount(from)));
  }
}

/** -1 stands for all. */
function amount(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}
