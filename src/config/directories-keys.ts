/** The key `directories` of a service: what it has of its own below /run, /var/lib, /var/cache and /var/log. */

import { parseMode } from "./mode.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, listOf, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";

export interface DirectorySource {
  name: string;
  mode: number;
}

const usualMode = 0o755;
/** How many a spawn request takes (SPAWN_DIRECTORIES_MAX of host/spawn.h). */
const directoriesMax = 32;
const partBytesMax = 255;

const why = "it is no name, nor names with / between them";

/** Names below a base: nothing that leads out of it, or to the base itself. */
const name: NodeSchema<string> = scalar("the name of a directory", { type: "string", minLength: 1 }, (value) => {
  if (value.startsWith("/")) return new Refusal("it is a path from the root", "write the name alone, such as app");
  const parts = value.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return new Refusal(why, "write app or app/db");
  if (/[\0:\n]/.test(value)) return new Refusal("it holds a colon, a newline or a zero byte");
  return parts.some((part) => part.length > partBytesMax) ? new Refusal("a part of it is too long") : value;
});

const mode: NodeSchema<number> = scalar(
  "a mode",
  { type: ["string", "integer"], pattern: "^(0o)?[0-7]{1,5}$" },
  parseMode,
);

const directory: NodeSchema<DirectorySource> = byKind("a directory", {
  scalar: changed(name, (value) => ({ name: value, mode: usualMode })),
  map: changed(
    keyed(
      "a directory",
      {
        name: described(name, "Its name, or several with / between them."),
        mode: described(mode, "Permission bits in octal. Default 0755."),
      },
      { required: ["name"] },
    ),
    ({ name: value = "", mode: bits = usualMode }) => ({ name: value, mode: bits }),
  ),
});

const many = listOf(directory, "directories");

const directoryList: NodeSchema<DirectorySource[]> = byKind("directories", {
  scalar: changed(directory, (value) => [value]),
  map: changed(directory, (value) => [value]),
  list: many,
});

export type DirectoriesSource = Partial<Record<"run" | "state" | "cache" | "logs", DirectorySource[]>>;

export const directories: NodeSchema<DirectoriesSource> = changed(
  keyed(
    "directories",
    {
      run: described(directoryList, "Below /run, removed when the service has ended; RUNTIME_DIRECTORY."),
      state: described(directoryList, "Below /var/lib; STATE_DIRECTORY."),
      cache: described(directoryList, "Below /var/cache; CACHE_DIRECTORY."),
      logs: described(directoryList, "Below /var/log; LOGS_DIRECTORY."),
    },
    { synonyms: { runtime: "run", lib: "state", data: "state", log: "logs" }, fixes: { scalar: "write {run: NAME}" } },
  ),
  (values, node, result) => {
    const count = Object.values(values).reduce((sum, list) => sum + (list?.length ?? 0), 0);
    if (count > directoriesMax)
      result.refuse(node, "value", `cannot use ${count} directories: a service has at most ${directoriesMax}`);
    return values as DirectoriesSource;
  },
);
