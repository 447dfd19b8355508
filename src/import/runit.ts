/** runit: a folder of service directories, or one of them. */

import { Raw } from "../config/write-yaml.ts";
import type { Draft } from "./draft.ts";
import { importDirectory, runitFiles } from "./service-directory.ts";
import { type Sources, Unusable } from "./sources.ts";

export function importRunit(paths: string[], sources: Sources, draft: Draft): void {
  draft.defaults.restart = { policy: "always", delay: new Raw("1s"), backoff: new Raw("1") };
  draft.defaultsRemark = "runsv starts a service again whenever it ends, after a second.";
  for (const path of paths) {
    if (!sources.isFolder(path))
      throw new Unusable(`cannot import ${sources.shown(path)}: name the folder of the services`);
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (importDirectory(path, name, runitFiles, sources, draft) !== null) continue;
    for (const one of sources.list(path)) {
      const folder = `${path}/${one}`;
      if (one.startsWith(".") || !sources.isFolder(folder)) continue;
      if (importDirectory(folder, one, runitFiles, sources, draft) === null)
        draft.note({ file: sources.shown(folder), line: 0, key: one }, "it has no run script");
    }
  }
}
