/* The files of the time zones that schedules name: without them the machine could not read its own configuration. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../run.ts";
import { addHostFile } from "./host-files.ts";
import type { Tree } from "./tree.ts";

/** Where Debian's tzdata puts them, here and in the image. */
const FOLDER = "/usr/share/zoneinfo";

/** Adds those that no package has brought. `host` is this machine's root. */
export function addZoneFiles(tree: Tree, zones: readonly string[], host = "/"): void {
  for (const zone of zones) {
    const path = `${FOLDER}/${zone}`;
    if (tree.find(path.slice(1)) !== undefined) continue;
    const source = join(host, path);
    if (!existsSync(source))
      throw new Failure(`cannot bring the time zone ${zone}: ${source} is not here; install tzdata`);
    addHostFile(tree, source, path, 0o644);
  }
}
