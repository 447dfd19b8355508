/** Machines whose process 1 is gonit: initramfs and disks with gonit, a shell, and what a test brings. */
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { cpioArchive } from "../../scripts/image/cpio.ts";
import { Tree } from "../../scripts/image/tree.ts";
import type { Disk } from "../../scripts/vm/qemu-arguments.ts";
import { binary } from "../process/gonit.ts";
import { boot, folderFor, type Vm } from "./vm.ts";

/** Path to content; a value that begins with "-> " is a symbolic link. */
export type Files = Record<string, string | Buffer>;

/** Made as folders where a test asks for nothing else in them. */
const usualFolders = ["dev", "proc", "sys", "run", "tmp", "etc", "root", "system/state"];

function searchPath(name: string): string {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    try {
      accessSync(join(folder, name));
      return join(folder, name);
    } catch {
      /* The next one. */
    }
  }
  throw new Error(`${name} is not in PATH`);
}

/** What every root of these tests holds: gonit under its usual names, a shell, a configuration. */
export function systemFiles(configuration: string, more: Files = {}, build = binary()): Files {
  return {
    "system/gonit": readFileSync(build),
    "system/config.yml": configuration,
    "sbin/init": "-> ../system/gonit",
    "bin/gonit": "-> ../system/gonit",
    "bin/busybox": readFileSync(searchPath("busybox")),
    "bin/sh": "-> busybox",
    ...more,
  };
}

/** Writes an initramfs into the test's folder; its path. */
export function archive(test: TestContext, files: Files): string {
  const tree = new Tree();
  for (const [path, content] of Object.entries({ init: "-> system/gonit", ...files })) {
    if (typeof content === "string" && content.startsWith("-> ")) tree.link(path, content.slice(3));
    else tree.file(path, content, 0o755);
  }
  for (const path of usualFolders) tree.folder(path);
  const path = join(folderFor(test), "initramfs.cpio");
  writeFileSync(path, cpioArchive(tree.entries(), 0));
  return path;
}

function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === "string" && content.startsWith("-> ")) symlinkSync(content.slice(3), target);
    else {
      writeFileSync(target, content);
      chmodSync(target, 0o755);
    }
  }
}

export interface DiskSetting {
  label: string;
  /** MiB. */
  size?: number;
  /** MiB of the file system, less than the disk's: it can be grown. */
  fileSystem?: number;
  journal?: boolean;
}

/** Writes an ext4 disk with these files into the test's folder. */
export function ext4Disk(test: TestContext, files: Files, setting: DiskSetting): Disk {
  const folder = folderFor(test);
  const root = join(folder, "root");
  for (const path of Object.keys(files).includes("system/gonit") ? usualFolders : []) {
    mkdirSync(join(root, path), { recursive: true });
  }
  mkdirSync(root, { recursive: true });
  writeFiles(root, files);
  const file = join(folder, "disk.img");
  const { label, size = 32, fileSystem = size, journal = true } = setting;
  const features = journal ? [] : ["-O", "^has_journal"];
  const words = ["-q", "-F", "-t", "ext4", ...features, "-d", root, "-L", label, "-E", "root_owner=0:0"];
  execFileSync("mke2fs", [...words, file, `${fileSystem}M`], { env: withSystemPath() });
  truncateSync(file, size * 1024 * 1024);
  return { file, format: "raw", interface: "nvme" };
}

function withSystemPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

/** What e2fsck finds wrong; empty for a clean file system. A journal that must be replayed counts as wrong. */
export function fileSystemTroubles(disk: Disk): string {
  try {
    execFileSync("e2fsck", ["-fn", disk.file], { encoding: "utf8", env: withSystemPath(), stdio: "pipe" });
    return "";
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

/** A file of an ext4 disk; null: there is none. */
export function fileOnDisk(disk: Disk, path: string): string | null {
  const text = execFileSync("debugfs", ["-R", `cat ${path}`, disk.file], {
    encoding: "utf8",
    env: withSystemPath(),
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 64 * 1024 * 1024,
  });
  return text === "" && !existsOnDisk(disk, path) ? null : text;
}

function existsOnDisk(disk: Disk, path: string): boolean {
  const stat = execFileSync("debugfs", ["-R", `stat ${path}`, disk.file], {
    encoding: "utf8",
    env: withSystemPath(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  return stat.includes("Inode:");
}

/** Boots an initramfs with these files and waits for the words of a system that is up. */
export async function bootInitramfs(test: TestContext, configuration: string, more: Files = {}): Promise<Vm> {
  const vm = boot(test, { initrd: archive(test, systemFiles(configuration, more)) });
  await vm.sees(/All services are ready/);
  return vm;
}

let questions = 0;

/** Types a command at the shell's prompt; its output, when all of it has come. */
export async function ask(vm: Vm, command: string): Promise<string> {
  const mark = `answer-${++questions}`;
  const from = vm.console().length;
  // The mark is typed in two parts, so that the echo of the line is not taken for it.
  vm.type(`${command}; echo ${mark.slice(0, 3)}''${mark.slice(3)}`);
  const end = await vm.sees(new RegExp(`^${mark}$`, "m"), from);
  const text = vm.console().slice(from, end - mark.length);
  // Behind the line as it was typed, which a prompt and lines of gonit may stand before.
  const typed = text.lastIndexOf(`''${mark.slice(3)}`);
  return text.slice(text.indexOf("\n", typed) + 1);
}

/** What the next mount would do first: replays the journal. Fails on what a power failure must not leave behind. */
export function replayJournal(disk: Disk): void {
  try {
    execFileSync("e2fsck", ["-fp", disk.file], { encoding: "utf8", env: withSystemPath(), stdio: "pipe" });
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    if (status !== 1) throw new Error(`e2fsck -fp ended with ${status}:\n${stdout}`);
  }
}
