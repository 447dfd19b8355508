/*
 * The small initramfs that mounts a disk's root file system and hands over to it: gonit, the modules, and a shell for
 * trouble where the image has one. What it does is src/services/initramfs and host/switch-root.c; its kernel words are the
 * kernel's own (root=, rootfstype=, rootflags=, rw).
 */

import type { Contents, Prepared } from "./contents.ts";
import { addHostFile } from "./host-files.ts";
import { addModules, type LoadedModule, planModules } from "./kernel-modules.ts";
import { type Entry, Tree } from "./tree.ts";

export const BOOT_INITRAMFS = "boot.cpio";

const FOLDERS = ["dev", "proc", "sys", "run", "tmp", "sysroot", "etc"];

function modulesFor({ kernel }: Prepared, { modules }: Contents, fileSystems: readonly string[]): LoadedModule[] {
  if (kernel === undefined || kernel.modules === "") return [];
  const wanted = [...modules, ...fileSystems.map((name) => ({ name, options: "" }))];
  return planModules(kernel.modules, wanted);
}

/** Its entries; with the modules of the image and those of file systems that the kernel may not have built in. */
export function bootEntries(prepared: Prepared, contents: Contents, fileSystems: readonly string[]): Entry[] {
  const { kernel, gonit } = prepared;
  const tree = new Tree();
  for (const path of FOLDERS) tree.folder(path);
  addHostFile(tree, gonit, "/system/gonit", 0o755);
  tree.link("init", "system/gonit");
  const modules = modulesFor(prepared, contents, fileSystems);
  if (kernel !== undefined) addModules(tree, kernel.modules, kernel.release, modules);
  const busybox = contents.tree.find("bin/busybox");
  if (busybox?.kind === "file") {
    tree.add({ ...busybox, path: "bin/busybox" });
    tree.link("bin/sh", "busybox");
  }
  return tree.entries();
}
