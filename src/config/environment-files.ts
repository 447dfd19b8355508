/** Environment files read again at the start of a service that could not read them when the plan was made. */

import type { EnvironmentFilePlan } from "../engine/plan.ts";
import type { FileAccess } from "./files.ts";
import { readEnvironmentFile } from "./system-environment.ts";

export type EnvironmentAnswer = { environment: Record<string, string> } | { problem: string };

export function readEnvironmentFiles(list: EnvironmentFilePlan[], files: FileAccess): EnvironmentAnswer {
  const environment: Record<string, string> = Object.create(null);
  for (const file of list) {
    const found = readEnvironmentFile(file, files, (path) => path);
    if ("problem" in found) return { problem: found.problem };
    const except = new Set(file.except ?? []);
    for (const [name, value] of found.variables) if (!except.has(name)) environment[name] = value;
  }
  return { environment };
}
