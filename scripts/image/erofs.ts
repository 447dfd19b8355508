/*
 * A read-only erofs file system. mkfs.erofs reads a folder of ours; it makes everything root's, since the builder cannot
 * give files away, so an image with files of other users is refused.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, mustRun } from "../run.ts";
import { BOOT_INITRAMFS } from "./boot-initramfs.ts";
import type { Entry } from "./tree.ts";
import { unpackInto } from "./unpack.ts";
import { uuidFor, type Writer } from "./writer.ts";

function refuseOwners(entries: readonly Entry[]): void {
  const foreign = entries.filter((entry) => entry.uid !== 0 || entry.gid !== 0).map((entry) => `/${entry.path}`);
  if (foreign.length === 0) return;
  const shown =
    foreign.length > 5 ? `${foreign.slice(0, 5).join(" ")} and ${foreign.length - 5} more` : foreign.join(" ");
  throw new Failure(`cannot write erofs: everything in it belongs to root, but not ${shown}; use ext4`);
}

export const writeErofs: Writer = async ({ entries, folder, identity, seconds, cmdline }, path) => {
  refuseOwners(entries);
  const root = join(folder, "root");
  mkdirSync(root, { mode: 0o755 });
  chmodSync(root, 0o755);
  unpackInto(entries, root);
  const words = ["-zlz4", `-T${seconds}`, "-U", uuidFor(identity, "erofs"), "--all-root", path, root];
  await mustRun(`write ${path}`, "mkfs.erofs", words, { env: { ...process.env, LC_ALL: "C" } });
  await mustRun(`check ${path}`, "fsck.erofs", [path]);
  return {
    medium: "raw",
    append: `root=UUID=${uuidFor(identity, "erofs")} init=/system/gonit ${cmdline}`.trim(),
    initrd: BOOT_INITRAMFS,
    readOnly: true,
  };
};
