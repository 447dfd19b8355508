/** The files that make the running configuration, as they are on the disk: which, where, and whether they are others. */

import { Role } from "../contract.ts";
import type { Plan } from "../engine/plan.ts";

const servicesFolder = "/system/services";
const fileBytesMax = 8 * 1024 * 1024;
const namePattern = /\.ya?ml$/;

/** Paths of all files that count, those that are not there included. */
export function configurationFiles(plan: Plan, main: string): string[] {
  const paths = new Set([main, ...plan.sources.map(({ path }) => path)]);
  for (const { environmentFiles } of plan.services) for (const { path } of environmentFiles) paths.add(path);
  for (const name of namesIn(extraFolder(main))) if (namePattern.test(name)) paths.add(`${extraFolder(main)}/${name}`);
  if (plan.role !== Role.laptop)
    for (const name of namesIn(servicesFolder)) paths.add(`${servicesFolder}/${name}/config.yml`);
  return [...paths].sort();
}

/** What has to be watched so that a change of any of them is noticed: files, their folders, and where links lead. */
export function watchedPaths(files: string[], plan: Plan, main: string): string[] {
  const paths = new Set<string>();
  if (plan.role !== Role.laptop) paths.add(servicesFolder);
  paths.add(extraFolder(main));
  for (const file of files) {
    paths.add(file);
    paths.add(existingFolder(file));
    const real = host.realPath(file);
    if (typeof real === "string" && real !== file) paths.add(real).add(existingFolder(real));
  }
  return [...paths];
}

/** A text that is another one when a file may have changed. An empty file counts as one that is still to be written. */
export function fingerprint(files: string[]): string {
  const texts = files.map((file) => {
    const found = host.stat(file);
    return typeof found === "number" ? "-" : `${found.device}:${found.inode}:${found.size}:${found.mtimeMs}`;
  });
  return texts.join(" ");
}

/** Path and content of each file that is there, in the same words as of a plan. */
export function contentKey(files: string[]): string {
  const found = files.flatMap((path) => {
    const data = host.readFile(path, fileBytesMax);
    return typeof data === "number" ? [] : [`${path} ${host.hash(data)}`];
  });
  return found.sort().join("\n");
}

export function sourcesKey({ sources }: Plan): string {
  return [...new Set(sources.map(({ path, hash }) => `${path} ${hash}`))].sort().join("\n");
}

function extraFolder(main: string): string {
  return `${folderOf(main)}/config.d`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** The folder of a file, or what is there of the way to it. */
function existingFolder(path: string): string {
  let folder = folderOf(path);
  while (folder !== "" && typeof host.stat(folder) === "number") folder = folderOf(folder);
  return folder === "" ? "/" : folder;
}

function namesIn(folder: string): string[] {
  const names = host.listDirectory(folder);
  return typeof names === "number" ? [] : names;
}
