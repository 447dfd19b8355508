/** Procfile, with the .env beside it: processes that a shell starts, and that live and end together. */

import { folderOf } from "../config/node.ts";
import { portBase, readProcfile } from "../config/procfile.ts";
import { setShellText } from "./command-words.ts";
import { importDotEnv } from "./dot-env.ts";
import type { Draft } from "./draft.ts";
import { type Sources, Unusable } from "./sources.ts";

export function importProcfile(path: string, sources: Sources, draft: Draft): void {
  const file = sources.read(path);
  const base = portBase(path, sources.files, undefined);
  const { processes, wrong } = readProcfile(file.text, base);
  if (processes.length === 0) throw new Unusable(`cannot import ${file.shown}: it holds no NAME: COMMAND`);
  for (const line of wrong) {
    draft.note({ file: file.shown, line: line + 1, key: "" }, "the line is no NAME: COMMAND", "foreman skips it too");
  }
  draft.defaults.restart = "no";
  draft.defaults.critical = "exit";
  draft.defaultsRemark = "The first process that ends takes the others with it, as foreman has it.";
  importDotEnv(folderOf(path), sources, draft);
  const release = processes.find(({ isRelease }) => isRelease);
  for (const { name, command, isRelease, port, line } of processes) {
    const at = { file: file.shown, line: line + 1, key: name };
    const service = draft.service(name, at);
    if (service === null) return;
    setShellText(service, command, at);
    if (isRelease) {
      service.set("type", "task", at, "The release phase runs once, and the others wait for it.");
      service.set("critical", false, at);
      continue;
    }
    if (release !== undefined) service.set("depends_on", [release.name], at);
    const remark = port === base ? "Each process has a PORT of its own, 100 apart." : "";
    service.set("environment", { PORT: String(port) }, at, remark);
  }
}
