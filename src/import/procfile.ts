/** Procfile, with the .env beside it: processes that a shell starts, and that live and end together. */

import { parseEnvFile } from "../config/env-file.ts";
import { folderOf } from "../config/node.ts";
import { portBase, readProcfile } from "../config/procfile.ts";
import { setShellText } from "./command-words.ts";
import { type Draft, literal } from "./draft.ts";
import { type SourceFile, type Sources, Unusable } from "./sources.ts";

export function importProcfile(path: string, sources: Sources, draft: Draft): void {
  const file = sources.read(path);
  const { processes, wrong } = readProcfile(file.text, portBase(path, sources.files, undefined));
  if (processes.length === 0) throw new Unusable(`cannot import ${file.shown}: it holds no NAME: COMMAND`);
  for (const line of wrong) {
    draft.note({ file: file.shown, line: line + 1, key: "" }, "the line is no NAME: COMMAND", "foreman skips it too");
  }
  draft.defaults.restart = "no";
  draft.defaults.critical = "exit";
  draft.defaultsRemark = "The first process that ends takes the others with it, as foreman has it.";
  importDotEnv(`${folderOf(path)}/.env`.replace("//", "/"), sources, draft);
  const release = processes.find(({ isRelease }) => isRelease);
  for (const { name, command, isRelease, port, line } of processes) {
    const at = { file: file.shown, line: line + 1, key: name };
    const service = draft.service(name, at);
    if (service === null) return;
    setShellText(service, command, at);
    if (isRelease) {
      service.set("type", "task", at, "The release phase runs once, and the others wait for it.");
      service.set("critical", false, at);
    } else if (release !== undefined) service.set("depends_on", [release.name], at);
    const remark = draft.services.size === 1 ? "Each process has a PORT of its own, 100 apart." : "";
    service.set("environment", { PORT: String(port) }, at, remark);
  }
}

/** The .env is read by gonit itself when it is what a shell would read; else its variables come into the file. */
function importDotEnv(path: string, sources: Sources, draft: Draft): void {
  const file = sources.readIfThere(path);
  if (file === null) return;
  const parsed = parseEnvFile(file.text);
  if ("variables" in parsed) {
    draft.system.env_file = sources.relative(path);
    return;
  }
  const at = { file: file.shown, line: parsed.line, key: "env_file" };
  draft.note(at, `a shell would not read this as an assignment: ${parsed.why}`, "its variables are in environment: instead");
  draft.system.env_file = [];
  const environment: Record<string, string> = {};
  for (const [name, value] of looseVariables(file, draft)) environment[name] = literal(value);
  draft.system.environment = environment;
}

/** As foreman has it: the rest of the line is the value, blanks and dollars included; quotes around all of it go. */
function looseVariables(file: SourceFile, draft: Draft): [name: string, value: string][] {
  const variables: [string, string][] = [];
  for (const [index, line] of file.text.split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const found = /^\s*(?:export\s+)?([A-Za-z_0-9]+)=(.*?)\s*$/.exec(line);
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

