/*
 * Kernel modules for an image: those that are asked for and those that they need, in an order in which they can be loaded.
 * A module says what it needs in its section .modinfo (`depends=`, `softdep=pre:`). In a wrong order the kernel answers
 * ENOENT, which names neither the order nor the module that is missing.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { elfSection } from "../elf.ts";
import { Failure } from "../run.ts";
import type { Tree } from "./tree.ts";

/** The file in an image that names the modules to load: a path a line, then a blank and options where there are any. */
export const MODULES_LIST = "system/modules";

/** What a machine of QEMU has: disks, network, power button (read through evdev), randomness, console. */
export const MACHINE_MODULES = ["virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "button", "evdev"];

export interface WantedModule {
  name: string;
  options: string;
  /** Left out where the kernel has none of this name. */
  optional?: boolean;
}

export interface LoadedModule {
  name: string;
  options: string;
  /** Its file, from the folder of the modules. */
  path: string;
}

/** `-` and `_` are the same in a module's name. */
function plainName(name: string): string {
  return name.replaceAll("-", "_");
}

function nameOf(path: string): string {
  return plainName(path.slice(path.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, ""));
}

function contentOf(path: string): Buffer {
  const bytes = readFileSync(path);
  if (!path.endsWith(".xz")) return bytes;
  return execFileSync("xz", ["-dc"], { input: bytes, maxBuffer: 256 * 1024 * 1024 });
}

/**
 * Names of the modules to load before this one: those that it needs, and those that it would like to have, which may be
 * built in under another name.
 */
export function moduleNeeds(bytes: Buffer): { needed: string[]; wished: string[] } {
  const fields = elfSection(bytes, ".modinfo")?.toString("latin1").split("\0") ?? [];
  const depends = fields.flatMap((field) => /^depends=(.*)/.exec(field)?.[1]?.split(",") ?? []);
  const soft = fields.flatMap((field) => /^softdep=pre: (.*?)(?: post:.*)?$/.exec(field)?.[1]?.split(/\s+/) ?? []);
  const plain = (names: string[]): string[] => names.filter((name) => name !== "").map(plainName);
  return { needed: plain(depends), wished: plain(soft) };
}

function builtIn(folder: string): Set<string> {
  const list = join(folder, "modules.builtin");
  return new Set(existsSync(list) ? readFileSync(list, "utf8").trim().split("\n").map(nameOf) : []);
}

/**
 * The modules to load, in their order. What is built into the kernel needs no file. A module that is not there is a
 * failure; one that is `optional` is left out, since kernels differ in what they have as modules at all.
 */
export function planModules(folder: string, wanted: readonly WantedModule[]): LoadedModule[] {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = new Map(entries.filter((path) => /\.ko(\.\w+)?$/.test(path)).map((path) => [nameOf(path), path]));
  const inKernel = builtIn(folder);
  const planned = new Map<string, LoadedModule>();
  const add = (name: string, options: string, why: string, optional: boolean): void => {
    if (planned.has(name) || inKernel.has(name)) return;
    const path = files.get(name);
    if (path === undefined) {
      if (optional) return;
      throw new Failure(`cannot bring the kernel module ${name}${why}: ${folder} has none of this name`);
    }
    const { needed, wished } = moduleNeeds(contentOf(join(folder, path)));
    for (const wish of wished) if (files.has(wish)) add(wish, "", `, which ${name} asks for`, optional);
    for (const need of needed) add(need, "", `, which ${name} needs`, optional);
    planned.set(name, { name, options, path });
  };
  for (const { name, options, optional = false } of wanted) {
    add(plainName(name), options, "", optional);
    const one = planned.get(plainName(name));
    if (one !== undefined) one.options = options;
  }
  return [...planned.values()];
}

/** Puts the modules and the list of them into an image. */
export function addModules(tree: Tree, folder: string, release: string, modules: readonly LoadedModule[]): void {
  const lines = modules.map(({ path, options }) => {
    const target = `usr/lib/modules/${release}/${path}`;
    tree.file(target, readFileSync(join(folder, path)));
    return `/${target}${options === "" ? "" : ` ${options}`}\n`;
  });
  tree.file(MODULES_LIST, lines.join(""));
}
