/** Has the reader turn the configuration into a plan. */

import type { Plan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";
import { runReader } from "./reader-process.ts";
import { shareParts } from "./share-parts.ts";

export interface LoadRequest {
  role: number;
  /** null: found by the rules of the role. */
  path: string | null;
  workingDirectory: string;
  /** Name of the instance where the user chose one. */
  instance: string | null;
}

export type LoadOutcome =
  | { plan: Plan; warnings: string[] }
  /** Problems as text, with places and carets. */
  | { problems: string };

export function loadConfiguration(shell: Shell, request: LoadRequest, done: (outcome: LoadOutcome) => void): void {
  runReader(shell, [JSON.stringify(request)], (output) => {
    if ("problem" in output) {
      done({ problems: `cannot read the configuration: ${output.problem}\n` });
      return;
    }
    const value = output.value as { plan?: Plan; problems?: string[]; warnings?: string[] };
    if (value.plan !== undefined) done({ plan: shareParts(value.plan), warnings: value.warnings ?? [] });
    else done({ problems: `${(value.problems ?? ["the reader gave no reason"]).join("\n").trimEnd()}\n` });
  });
}
