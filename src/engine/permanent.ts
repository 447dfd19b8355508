/** Failed starts come in three classes: errors that a new try cannot mend, lack of room for now, and all others. */

import { ExitCode, Stage } from "../contract.ts";

const EPERM = 1;
const ENOENT = 2;
const E2BIG = 7;
const ENOEXEC = 8;
const EAGAIN = 11;
const ENOMEM = 12;
const EACCES = 13;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENFILE = 23;
const EMFILE = 24;
const ENOSPC = 28;
const EROFS = 30;
const ENAMETOOLONG = 36;
const ENOSYS = 38;
const ELOOP = 40;
const ELIBBAD = 80;

const paths: number[] = [ENOENT, EACCES, ENOTDIR, ELOOP, ENAMETOOLONG];
/** execve(2): what stays wrong until somebody changes a file. */
const programs: number[] = [...paths, EPERM, E2BIG, ENOEXEC, EISDIR, EINVAL, ELIBBAD];
const noRoom: number[] = [EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC];

export type StartErrorClass = "permanent" | "no-room" | "other";

export function startErrorClass(stage: number, errno: number): StartErrorClass {
  if (noRoom.includes(errno)) return "no-room";
  switch (stage) {
    case Stage.exec:
      return programs.includes(errno) ? "permanent" : "other";
    case Stage.directory:
    case Stage.input:
      return paths.includes(errno) ? "permanent" : "other";
    case Stage.root:
    case Stage.mounts:
    case Stage.namespaces:
    case Stage.userNamespace:
    case Stage.capabilities:
    case Stage.seccomp:
      return [...paths, EPERM, EINVAL, ENOSYS].includes(errno) ? "permanent" : "other";
    case Stage.directories:
      return [...paths, EPERM, EROFS].includes(errno) ? "permanent" : "other";
    case Stage.lookupUser:
    case Stage.lookupGroup:
      return errno === ENOENT ? "permanent" : "no-room";
    case Stage.user:
    case Stage.groups:
      return errno === EPERM || errno === EINVAL ? "permanent" : "other";
    case Stage.command:
    case Stage.envFile:
      return "permanent";
    case Stage.queue:
    case Stage.clone:
    case Stage.log:
    case Stage.descriptors:
      return "no-room";
    default:
      return "other";
  }
}

/** What a shell ends with when it cannot start a program: 127 not found, 126 not executable. */
export function startErrorExitCode(stage: number, errno: number): number {
  if (stage !== Stage.exec) return ExitCode.failed;
  if (errno === ENOENT || errno === ENOTDIR) return ExitCode.notFound;
  return programs.includes(errno) ? ExitCode.notExecutable : ExitCode.failed;
}
