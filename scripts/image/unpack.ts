/* Entries as files below a folder of this machine, for programs that read a folder. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../run.ts";
import type { Entry } from "./tree.ts";

/** Modes of folders come last: one may be read-only. Devices need rights that a builder may not have. */
export function unpackInto(entries: readonly Entry[], folder: string): void {
  for (const entry of entries) {
    const path = join(folder, entry.path);
    if (entry.kind === "folder") mkdirSync(path);
    else if (entry.kind === "link") symlinkSync(entry.target, path);
    else if (entry.kind === "file") writeFileSync(path, entry.content());
    else throw new Failure(`cannot unpack /${entry.path}: it is a device`);
  }
  for (const entry of entries) if (entry.kind === "file") chmodSync(join(folder, entry.path), entry.mode);
  for (const entry of [...entries].reverse()) {
    if (entry.kind === "folder") chmodSync(join(folder, entry.path), entry.mode);
  }
}
