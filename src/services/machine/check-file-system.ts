/** Checks a file system before it is mounted, by the checker of its type where this system has one (fsck(8)). */

import type { Superblock } from "./superblock.ts";

const folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/system/bin"];
/** Bits of a checker's exit code. */
const repaired = 1;
const unrepaired = 4;

/** Why it must not be mounted, or null. `device` is not mounted for writing. */
export function checkFileSystem(device: string, superblock: Superblock): string | null {
  const { type, hasErrors } = superblock;
  const program = checkerOf(type);
  if (program === null) {
    // The kernel replays the journal itself; only what it found to be wrong needs a repair.
    if (hasErrors)
      host.print(2, `${device}: its file system has errors, and there is no fsck.${type} here to repair it\n`);
    return null;
  }
  const code = host.runProgram([program, "-p", device]);
  if (code < 0) return `cannot run ${program}: ${host.errnoText(code)}`;
  if (code < unrepaired) {
    if ((code & repaired) !== 0) host.print(1, `${device}: its file system was repaired\n`);
    return null;
  }
  return `its file system has errors that ${program} -p does not repair (exit code ${code}); run it without -p`;
}

function checkerOf(type: string): string | null {
  const names = type === "ext4" ? ["fsck.ext4", "e2fsck"] : [`fsck.${type}`];
  for (const name of names) {
    for (const folder of folders) if (typeof host.stat(`${folder}/${name}`) !== "number") return `${folder}/${name}`;
  }
  return null;
}
