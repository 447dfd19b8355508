/* The image as initramfs: the whole system in memory. */
import { writeFileSync } from "node:fs";
import { cpioArchive } from "./cpio.ts";
import type { Writer } from "./writer.ts";

export const writeInitramfs: Writer = async ({ entries, seconds, cmdline }, path) => {
  writeFileSync(path, cpioArchive(entries, seconds));
  return { medium: "initrd", append: cmdline };
};
