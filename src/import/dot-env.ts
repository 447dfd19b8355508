/** The .env beside what is imported: gonit reads it itself when a shell could, else its variables come into the file. */

import { parseEnvFile } from "../config/env-file.ts";
import { type DataMap, type Draft, literal } from "./draft.ts";
import type { SourceFile, Sources } from "./sources.ts";

export function importDotEnv(folder: string, sources: Sources, draft: Draft): void {
  const path = `${folder === "/" ? "" : folder}/.env`;
  const file = sources.readIfThere(path);
  if (file === null) return;
  const parsed = parseEnvFile(file.text);
  if ("variables" in parsed) {
    draft.system.env_file = sources.relative(path);
    return;
  }
  const at = { file: file.shown, line: parsed.line, key: "env_file" };
  draft.note(
    at,
    `a shell would not read this as an assignment: ${parsed.why}`,
    "its variables are in environment: instead",
  );
  draft.system.env_file = [];
  const environment: DataMap = { ...(draft.system.environment as DataMap | undefined) };
  for (const [name, value] of looseVariables(file, draft)) environment[name] ??= literal(value);
  draft.system.environment = environment;
}

/** The rest of the line is the value, blanks and dollars included; quotes around all of it go. */
function looseVariables(file: SourceFile, draft: Draft): [name: string, value: string][] {
  const variables: [string, string][] = [];
  for (const [index, line] of file.text.split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const found = /^(?:export\s+)?([A-Za-z_0-9]+)=(.*)$/.exec(line.trim());
    if (found === null) draft.note({ file: file.shown, line: index + 1, key: "" }, "the line is no NAME=VALUE");
    else variables.push([found[1] as string, unquoted(found[2] as string)]);
  }
  return variables;
}

function unquoted(text: string): string {
  const single = /^'(.*)'$/.exec(text);
  if (single !== null) return single[1] as string;
  const double = /^"(.*)"$/.exec(text);
  if (double === null) return text;
  return (double[1] as string).replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}
