/** Where the configuration is: by role, and what stands beside it. */

import { Role } from "../contract.ts";
import { enabledLayerFile } from "../engine/enabled-layer.ts";
import { errno, type FileAccess } from "./files.ts";
import { folderOf } from "./node.ts";
import type { Problems } from "./problems.ts";

export interface FindOptions {
  role: number;
  /** What --config or the kernel command line names; null: found by role. */
  path: string | null;
  workingDirectory: string;
}

const systemFolder = "/system";
const fallbackFolder = "/etc/gonit";
export const servicesFolder = "/system/services";

/** The path of the main file as it was found, or null with a problem. */
export function findConfiguration(options: FindOptions, files: FileAccess, problems: Problems): string | null {
  const { role, path, workingDirectory } = options;
  if (path !== null) return path.startsWith("/") ? path : joined(workingDirectory, path);
  const folders = foldersOf(role, workingDirectory);
  for (const folder of folders) {
    const found = fileIn(folder, "config", files, problems);
    if (found === undefined) return null;
    if (found !== null) return found;
    const procfile = joined(folder, "Procfile");
    if (role === Role.laptop && files.kindOf(procfile) === "file") return procfile;
  }
  const looked =
    role === Role.laptop
      ? `${joined(workingDirectory, "config.yml")} and in the folders above`
      : folders.map((folder) => joined(folder, "config.yml")).join(", ");
  problems.atFile("", "not-found", `cannot find a configuration: looked for ${looked}`, {
    fix:
      role === Role.laptop
        ? "write a config.yml or a Procfile, or name a file with -f FILE"
        : "write one of them, or name a file with --config FILE",
  });
  return null;
}

function foldersOf(role: number, workingDirectory: string): string[] {
  if (role === Role.vm) return [systemFolder, fallbackFolder];
  if (role === Role.container) return [...new Set([fallbackFolder, systemFolder, workingDirectory])];
  const folders: string[] = [];
  for (let folder = workingDirectory; ; folder = folderOf(folder)) {
    folders.push(folder);
    if (folder === "/") return folders;
  }
}

/** NAME.yml or NAME.yaml of a folder; null: neither; undefined: both, which is a problem. */
export function fileIn(folder: string, name: string, files: FileAccess, problems: Problems): string | null | undefined {
  const [yml, yaml] = [joined(folder, `${name}.yml`), joined(folder, `${name}.yaml`)];
  const [hasYml, hasYaml] = [exists(files, yml), exists(files, yaml)];
  if (hasYml && hasYaml) {
    refuseBoth(yml, yaml, problems);
    return undefined;
  }
  return hasYml ? yml : hasYaml ? yaml : null;
}

function refuseBoth(yml: string, yaml: string, problems: Problems): void {
  problems.atFile(yaml, "both", `cannot choose between ${yml} and ${yaml}: both are there`, {
    fix: "remove one of them",
  });
}

/** A file that cannot be looked at is there: reading it tells the reason. */
function exists(files: FileAccess, path: string): boolean {
  const kind = files.kindOf(path);
  return typeof kind === "string" ? kind !== "directory" : -kind !== errno.ENOENT && -kind !== errno.ENOTDIR;
}

/** The files of config.d beside the main file, in name order. */
export function extraFiles(main: string, files: FileAccess, problems: Problems): string[] {
  const folder = joined(folderOf(main), "config.d");
  const names = files.list(folder);
  if (typeof names === "number") {
    if (-names !== errno.ENOENT && -names !== errno.ENOTDIR) {
      problems.atFile(folder, "unreadable", `cannot read the folder: ${files.errorText(-names)}`);
    }
    return [];
  }
  const wanted = names.filter((name) => /^[^.].*\.ya?ml$/.test(name) && !enabledLayerFile.endsWith(`/${name}`)).sort();
  for (const name of wanted) {
    const other = name.replace(/\.yml$/, ".yaml");
    if (other !== name && wanted.includes(other)) refuseBoth(joined(folder, name), joined(folder, other), problems);
  }
  return wanted.map((name) => joined(folder, name));
}

/** What `gonit enable` and `gonit disable` were told, beside the main file; null: nothing. */
export function enabledLayer(main: string, files: FileAccess): string | null {
  const path = joined(folderOf(main), enabledLayerFile);
  return exists(files, path) ? path : null;
}

/** Services' own files: NAME and path of /system/services/NAME/config.yml. */
export function serviceFiles(role: number, files: FileAccess, problems: Problems): { name: string; path: string }[] {
  if (role === Role.laptop) return [];
  const names = files.list(servicesFolder);
  if (typeof names === "number") return [];
  const found: { name: string; path: string }[] = [];
  for (const name of names.slice().sort()) {
    const path = fileIn(`${servicesFolder}/${name}`, "config", files, problems);
    if (typeof path === "string") found.push({ name, path });
  }
  return found;
}

function joined(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
