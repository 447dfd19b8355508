/* The image as initramfs: the whole system in memory. */
import { writeFileSync } from "node:fs";
import { cpioArchive } from "./cpio.ts";
import type { Entry } from "./tree.ts";
import type { Writer } from "./writer.ts";

const root = { kind: "device", uid: 0, gid: 0 } as const;
/** What the kernel opens, and programs expect, before devtmpfs is mounted: null(4), console(4). */
const nodes: Entry[] = [
  { ...root, path: "dev/console", mode: 0o600, major: 5, minor: 1 },
  { ...root, path: "dev/null", mode: 0o666, major: 1, minor: 3 },
];

/** With device nodes of our own making, never copies of this machine's. */
function withNodes(entries: readonly Entry[]): Entry[] {
  const isThere = (path: string): boolean => entries.some((entry) => entry.path === path);
  return [...entries, ...(isThere("dev") ? nodes.filter(({ path }) => !isThere(path)) : [])];
}

export const writeInitramfs: Writer = async ({ entries, seconds, cmdline }, path) => {
  writeFileSync(path, cpioArchive(withNodes(entries), seconds));
  return { medium: "initrd", append: cmdline };
};
