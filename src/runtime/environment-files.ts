/** Reads a service's environment files again, at its start, in the reader process: its text is input like any other. */

import type { ServicePlan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";
import { runReader } from "./reader-process.ts";

export type EnvironmentResult = { environment: Record<string, string> } | { problem: string };

export function readEnvironmentFiles(
  shell: Shell,
  service: ServicePlan,
  done: (result: EnvironmentResult) => void,
): void {
  runReader(shell, ["environment", JSON.stringify(service.environmentFiles)], (output) => {
    if ("problem" in output) done({ problem: output.problem });
    else done(output.value as EnvironmentResult);
  });
}
