/** s6: scan directories, sources of s6-rc, and the folders of s6-overlay. */

import { Raw } from "../config/write-yaml.ts";
import type { Draft } from "./draft.ts";
import { scriptCommand } from "./run-script.ts";
import { importS6Rc } from "./s6-rc.ts";
import { importDirectory, s6Files } from "./service-directory.ts";
import { type Sources, Unusable } from "./sources.ts";

export function importS6(paths: string[], sources: Sources, draft: Draft): void {
  draft.defaults.restart = { policy: "always", delay: new Raw("1s"), backoff: new Raw("1") };
  draft.defaultsRemark = "s6-supervise starts a service again whenever it ends, after a second.";
  for (const path of paths) {
    if (!sources.isFolder(path))
      throw new Unusable(`cannot import ${sources.shown(path)}: name the folder of the services`);
    importFolder(path, sources, draft);
  }
}

function importFolder(path: string, sources: Sources, draft: Draft): void {
  const names = sources.list(path);
  const inner = names.includes("s6-overlay") && sources.isFolder(`${path}/s6-overlay`) ? `${path}/s6-overlay` : path;
  const rc = `${inner}/s6-rc.d`;
  const isOverlay = sources.isFolder(rc) || names.includes("services.d") || names.includes("cont-init.d");
  if (!isOverlay) {
    const base = path.slice(path.lastIndexOf("/") + 1);
    if (importDirectory(path, base, s6Files, sources, draft) !== null) return;
    if (isRcSource(path, sources)) importS6Rc(path, sources, draft);
    else importScanFolder(path, sources, draft);
    return;
  }
  if (sources.isFolder(rc)) importS6Rc(rc, sources, draft);
  const last = importInitScripts(`${path}/cont-init.d`, sources, draft);
  const before = new Set(draft.services.keys());
  importScanFolder(`${path}/services.d`, sources, draft);
  for (const service of draft.services.values())
    if (last !== null && !before.has(service.name)) service.add("depends_on", last, service.at);
  for (const name of ["cont-finish.d", "fix-attrs.d"]) {
    if (names.includes(name) && sources.list(`${path}/${name}`).length > 0)
      draft.note(
        { file: sources.shown(`${path}/${name}`), line: 0, key: name },
        "nothing runs beside the services at the end, and no modes are set",
        "post_stop of a service; pre_start: [install -d PATH]",
      );
  }
}

/** A source of s6-rc has a type in each of its folders. */
function isRcSource(path: string, sources: Sources): boolean {
  return sources.list(path).some((name) => sources.isFile(`${path}/${name}/type`));
}

function importScanFolder(path: string, sources: Sources, draft: Draft): void {
  for (const name of sources.list(path)) {
    const folder = `${path}/${name}`;
    if (name.startsWith(".") || !sources.isFolder(folder)) continue;
    if (importDirectory(folder, name, s6Files, sources, draft) === null)
      draft.note({ file: sources.shown(folder), line: 0, key: name }, "it has no run script");
  }
}

/** Scripts that run one after the other before the services; the name of the last one. */
function importInitScripts(path: string, sources: Sources, draft: Draft): string | null {
  let last: string | null = null;
  for (const name of sources.list(path)) {
    const file = sources.readIfThere(`${path}/${name}`);
    if (file === null) continue;
    const at = { file: file.shown, line: 0, key: name };
    const service = draft.service(`init-${name.replace(/\.(?:sh|bash)$/, "")}`, at);
    if (service === null) return last;
    service.set("type", "task", at);
    service.set("command", scriptCommand(file.text, sources.relative(file.path)), at);
    service.set("restart", "no", at);
    if (last !== null) service.set("depends_on", [last], at);
    last = service.name;
  }
  return last;
}
