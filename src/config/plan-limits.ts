/** The key `limits` in the plan. */

import type { LimitsPlan } from "../engine/plan.ts";
import type { Merged } from "./collect.ts";
import type { LimitValues } from "./limits-keys.ts";

export function limitsOf(values: Merged<LimitValues> | undefined): LimitsPlan | null {
  if (values === undefined || Object.values(values).every((value) => value === undefined || value === false))
    return null;
  return {
    memoryBytes: values.memory ?? null,
    memoryHighBytes: values.memory_high ?? null,
    cpu: values.cpu ?? null,
    cpuWeight: values.cpu_weight ?? null,
    ioWeight: values.io_weight ?? null,
    pids: values.pids ?? null,
    files: values.files ?? null,
    coreBytes: values.core ?? null,
    nice: values.nice ?? null,
    oomScoreAdj: values.oom_score_adj ?? null,
    delegate: values.delegate === true ? true : null,
  };
}
