/* Files and folders of this machine in an image. Their owner is root there, their modes say only whether they are programs. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, systemMessage } from "../run.ts";
import { modeOf, type Tree } from "./tree.ts";

function statusOf(path: string, target: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new Failure(`cannot put ${path} at ${target} of the image: ${systemMessage(error)}`);
  }
}

/** Permission bits that do not depend on the umask of whoever made the file. */
function usualMode(status: Stats): number {
  return (status.mode & 0o100) !== 0 ? 0o755 : 0o644;
}

function addFile(tree: Tree, path: string, target: string, mode: number): void {
  const { size } = statSync(path);
  tree.add({ kind: "file", path: target, mode, uid: 0, gid: 0, size, content: () => readFileSync(path) });
}

/** Adds what is in a folder; links stay links. `keepModes`: as they are, for files that dpkg unpacked. */
export function addFolder(tree: Tree, folder: string, target: string, { keepModes = false } = {}): void {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const place = target === "" ? name : `${target}/${name}`;
    const status = lstatSync(path);
    if (status.isSymbolicLink()) tree.link(place, readlinkSync(path));
    else if (status.isDirectory()) {
      if (keepModes || tree.get(place) === undefined) tree.folder(place, keepModes ? status.mode & 0o7777 : 0o755);
      addFolder(tree, path, place, { keepModes });
    } else if (status.isFile()) {
      addFile(tree, path, place, keepModes ? status.mode & 0o7777 : usualMode(status));
    } else throw new Failure(`cannot put ${path} into the image: it is neither a file, a folder nor a link`);
  }
}

/** Adds one file, or a folder with all that is in it, at an absolute path of the image. */
export function addHostFile(tree: Tree, source: string, target: string, mode: number | null): void {
  const place = target.replace(/^\/+/, "");
  const status = statusOf(source, target);
  if (!status.isDirectory()) {
    addFile(tree, source, place, mode ?? usualMode(status));
    return;
  }
  tree.folder(place, mode ?? modeOfFolder(tree, place));
  addFolder(tree, source, place);
}

/** A folder that is there already keeps its mode. */
function modeOfFolder(tree: Tree, place: string): number {
  const known = tree.get(place);
  return known?.kind === "folder" ? modeOf(known) & 0o7777 : 0o755;
}
