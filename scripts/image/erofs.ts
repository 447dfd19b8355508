/*
 * A read-only erofs file system. mkfs.erofs reads a folder of ours, which a builder without rights cannot fill with files of
 * other users: fakeroot(1) tells it the owners that the image says.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../run.ts";
import { BOOT_INITRAMFS } from "./boot-initramfs.ts";
import type { Entry } from "./tree.ts";
import { unpackInto } from "./unpack.ts";
import { uuidFor, type Writer } from "./writer.ts";

/** A shell script that gives the files below a folder to their owners, and runs its own words then. */
function ownersScript(entries: readonly Entry[], root: string): string {
  const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;
  const foreign = entries.filter((entry) => entry.uid !== 0 || entry.gid !== 0);
  const lines = foreign.map(({ uid, gid, path }) => `chown -h ${uid}:${gid} ${quoted(join(root, path))}`);
  return ["set -e", `chown -hR 0:0 ${quoted(root)}`, ...lines, 'exec "$@"', ""].join("\n");
}

export const writeErofs: Writer = async ({ entries, folder, identity, seconds, cmdline }, path) => {
  const root = join(folder, "root");
  const owners = join(folder, "owners");
  mkdirSync(root, { mode: 0o755 });
  chmodSync(root, 0o755);
  unpackInto(entries, root);
  writeFileSync(owners, ownersScript(entries, root));
  const words = ["-zlz4", `-T${seconds}`, "-U", uuidFor(identity, "erofs"), path, root];
  /* Where the builder is root, its files are not given away either: that would clear set-user-id bits. */
  const env = { ...process.env, LC_ALL: "C", FAKEROOTDONTTRYCHOWN: "1" };
  await mustRun(`write ${path}`, "fakeroot", ["sh", owners, "mkfs.erofs", ...words], { env });
  await mustRun(`check ${path}`, "fsck.erofs", [path]);
  return {
    medium: "raw",
    append: `root=UUID=${uuidFor(identity, "erofs")} init=/system/gonit ${cmdline}`.trim(),
    initrd: BOOT_INITRAMFS,
    readOnly: true,
  };
};
