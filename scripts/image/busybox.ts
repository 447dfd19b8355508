/* Where an image has busybox and nothing else under a name that busybox can stand in for, that name is a link to it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../run.ts";
import type { Tree } from "./tree.ts";

/** Names that are gonit's own in an image. */
const GONIT = new Set(["init", "linuxrc", "halt", "poweroff", "reboot"]);

/** Asks busybox itself what it can do; `folder` is for a copy that runs on this machine. */
export async function addBusyboxLinks(tree: Tree, folder: string): Promise<void> {
  const busybox = tree.find("bin/busybox");
  if (busybox?.kind !== "file") return;
  const copy = join(folder, "busybox");
  writeFileSync(copy, busybox.content(), { mode: 0o755 });
  const list = await mustRun("ask busybox for its programs", copy, ["--list-full"]);
  for (const path of list.trim().split("\n")) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!GONIT.has(name) && tree.find(path) === undefined) tree.link(path, "/bin/busybox");
  }
}
