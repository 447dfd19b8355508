/**
 * Variables: gonit's own environment, then the top-level env_file, then the top-level environment. The last two are also
 * given to every service; all three are what `${NAME}` in the rest of the configuration is replaced from.
 */

import { Role } from "../contract.ts";
import type { EnvironmentFilePlan, PlanSource } from "../engine/plan.ts";
import { type EnvFileError, parseEnvFile } from "./env-file.ts";
import type { Variables } from "./expand.ts";
import { errno, type FileAccess } from "./files.ts";
import { mergeMap, type Values } from "./merge.ts";
import { childOf, folderOf, type MapNode, resolvePath } from "./node.ts";
import type { Problems } from "./problems.ts";
import { readText, sourceOf } from "./read-text.ts";
import { validate, validateMap } from "./schema-kit.ts";
import { environment, environmentFiles } from "./service-keys.ts";

const environmentFileBytesMax = 1024 * 1024;

export type EnvironmentFileText =
  | { variables: [name: string, value: string][]; source: PlanSource | null }
  /** FILE:LINE:COLUMN and why, as a whole sentence. */
  | { problem: string; where: string; why: string; fix: string; source: PlanSource | null };

/** A file that is missing and not required has no variables. */
export function readEnvironmentFile(
  file: EnvironmentFilePlan,
  files: FileAccess,
  shownPath: (path: string) => string,
): EnvironmentFileText {
  const shown = shownPath(file.path);
  const text = readText(files, file.path, environmentFileBytesMax);
  if ("why" in text) {
    if (text.errno === errno.ENOENT && !file.required) return { variables: [], source: null };
    return failure(shown, text, sourceOf(files, file.path));
  }
  const parsed = parseEnvFile(text.text);
  const source = { path: file.path, hash: text.hash };
  return "why" in parsed ? failure(shown, parsed, source) : { variables: parsed.variables, source };
}

function failure(
  shown: string,
  { line, column, why, fix }: EnvFileError,
  source: PlanSource | null,
): EnvironmentFileText {
  const where = line > 0 ? `${shown}:${line}:${column}` : shown;
  return { problem: `cannot read ${where}: ${why}${fix === "" ? "" : ` (${fix})`}`, where, why, fix, source };
}

export interface SystemEnvironment {
  /** For every service, by name. */
  shared: Record<string, string>;
  /** For `${NAME}`. */
  variables: Variables;
  sources: PlanSource[];
}

export interface EnvironmentRequest {
  role: number;
  main: string;
  roots: MapNode[];
  own: Variables;
  files: FileAccess;
  shownPath: (path: string) => string;
  problems: Problems;
}

export function systemEnvironment(request: EnvironmentRequest): SystemEnvironment {
  const { roots, own, problems } = request;
  const fromFiles = readTopLevelFiles(request);
  const beforeEnvironment: Variables = (name) => fromFiles.values.get(name) ?? own(name);
  const merged: Values = Object.create(null);
  for (const root of roots) {
    const node = childOf(root, "environment");
    if (node === null) continue;
    const { values } = validateMap(environment, node, { variables: beforeEnvironment }, problems);
    if (node.kind === "map") mergeMap(merged, values, node, problems);
  }
  const shared: Record<string, string> = Object.create(null);
  for (const [name, value] of fromFiles.values) shared[name] = value;
  for (const name in merged) shared[name] = merged[name] as string;
  return { shared, variables: (name) => shared[name] ?? own(name), sources: fromFiles.sources };
}

function readTopLevelFiles(request: EnvironmentRequest): { values: Map<string, string>; sources: PlanSource[] } {
  const { role, main, roots, own, files, shownPath, problems } = request;
  const values = new Map<string, string>();
  const sources: PlanSource[] = [];
  let given = false;
  const take = (file: EnvironmentFilePlan, refuse: (where: string, why: string, fix: string) => void) => {
    const found = readEnvironmentFile(file, files, shownPath);
    if ("problem" in found) {
      refuse(found.where, found.why, found.fix);
      return;
    }
    if (found.source !== null) sources.push(found.source);
    for (const [name, value] of found.variables) values.set(name, value);
  };
  for (const root of roots) {
    const node = childOf(root, "env_file");
    if (node === null) continue;
    given = true;
    for (const file of validate(environmentFiles, node, { variables: own }, problems) ?? []) {
      take(file, (where, why, fix) => problems.at(file.node, "env-file", `cannot read ${where}: ${why}`, { fix }));
    }
  }
  if (!given && role === Role.laptop) {
    const path = resolvePath(folderOf(main), ".env");
    take({ path, required: false }, (where, why, fix) =>
      problems.atFile(where, "env-file", `cannot read the file: ${why}`, { fix }),
    );
  }
  return { values, sources };
}
