import type { ServicePlan } from "../engine/plan.ts";

/** How many logs a service has: one for its terminal, else one for each of its outputs that are kept apart. */
export function logSources({ type, logs, tty }: ServicePlan): number {
  if (type === "group") return 0;
  if (tty?.device === "") return 1;
  if (logs.to === "none" || logs.to === "inherit") return 0;
  return logs.stderr === "separate" ? 2 : 1;
}
