/*
 * The plan of the image's configuration, stored beside it: the machine starts its services by it and needs no reader as
 * long as all that was looked at for it is the same (src/config/stored-plan.ts). It is made by gonit itself, which reads
 * a folder; so the image's small files are written into one. Its links are made relative, since they lead from here.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join, posix } from "node:path";
import { Failure, run } from "../run.ts";
import type { Entry, Tree } from "./tree.ts";
import { unpackInto } from "./unpack.ts";

/** Programs and libraries are looked for, not into. */
const READ_BYTES_MAX = 1024 * 1024;

function standIn(entry: Entry): Entry {
  if (entry.kind === "file" && entry.size > READ_BYTES_MAX)
    return { ...entry, mode: 0o644, content: () => Buffer.alloc(0) };
  if (entry.kind === "file") return { ...entry, mode: 0o644 };
  if (entry.kind === "folder") return { ...entry, mode: 0o755 };
  if (entry.kind !== "link" || !entry.target.startsWith("/")) return entry;
  return { ...entry, target: posix.relative(posix.dirname(`/${entry.path}`), entry.target) };
}

/** Puts the plan into the tree; `folder` is for files of the build. A Failure names what the machine could not read. */
export async function addStoredPlan(tree: Tree, gonit: string, folder: string): Promise<void> {
  const root = join(folder, "plan-root");
  mkdirSync(root);
  unpackInto(tree.entries().map(standIn), root);
  const result = await run(gonit, ["config", "--root", root, "--stored"]);
  rmSync(root, { recursive: true });
  if (result.code !== 0) {
    throw new Failure(`cannot build the image: it could not use its configuration\n${result.output.trim()}`);
  }
  tree.file("system/config.plan", result.stdout);
}
