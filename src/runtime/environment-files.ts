/** Reads a service's environment files again, at its start, in the reader process: its text is input like any other. */

import type { ServicePlan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";
import { runReader } from "./reader-process.ts";

/** `isPassing`: the file could not be looked at now; else it is the file that is wrong, until somebody changes it. */
export type EnvironmentResult = { environment: Record<string, string> } | { problem: string; isPassing: boolean };

export function readEnvironmentFiles(
  shell: Shell,
  service: ServicePlan,
  done: (result: EnvironmentResult) => void,
): void {
  runReader(shell, ["environment", JSON.stringify(service.environmentFiles)], (output) => {
    if ("problem" in output) {
      done({ problem: output.problem, isPassing: true });
      return;
    }
    const answer = output.value as { environment: Record<string, string> } | { problem: string };
    done("problem" in answer ? { ...answer, isPassing: false } : answer);
  });
}
