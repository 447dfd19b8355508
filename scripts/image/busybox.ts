/*
 * Where an image has busybox and nothing else under a name that busybox can stand in for, that name is a link to it.
 *
 * busybox's shell takes its own programs before those of PATH, and its `poweroff` speaks to busybox's own init. So functions
 * of these names, which win, call gonit; interactive shells read them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../run.ts";
import type { Tree } from "./tree.ts";

/** Names that are gonit's own in an image. */
const GONIT = new Set(["init", "linuxrc", "halt", "poweroff", "reboot"]);

/** See src/services/terminals/shell.ts. */
const SHELL_FILE = "etc/gonit/shell.sh";

function shellFile(): string {
  const names = ["halt", "poweroff", "reboot"];
  const lines = names.map((name) => `${name}() { /system/gonit ${name} "$@"; }\n`);
  return `# In busybox's shell its own programs come before those of PATH: these are gonit's.\n${lines.join("")}`;
}

function addShellFile(tree: Tree): void {
  tree.file(SHELL_FILE, shellFile(), 0o755);
  if (tree.find("etc/profile") === undefined) tree.file("etc/profile", `export ENV=/${SHELL_FILE}\n`);
}

/** Asks busybox itself what it can do; `folder` is for a copy that runs on this machine. */
export async function addBusyboxLinks(tree: Tree, folder: string): Promise<void> {
  const busybox = tree.find("bin/busybox");
  if (busybox?.kind !== "file") return;
  const copy = join(folder, "busybox");
  writeFileSync(copy, busybox.content(), { mode: 0o755 });
  const list = await mustRun("ask busybox for its programs", copy, ["--list-full"]);
  for (const path of list.trim().split("\n")) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name === "sh" && tree.find(path) === undefined) addShellFile(tree);
    if (!GONIT.has(name) && tree.find(path) === undefined) tree.link(path, "/bin/busybox");
  }
}
