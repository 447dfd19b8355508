/**
 * Why a program could not be run, in words: execve(2) answers ENOENT for a script whose interpreter is missing and
 * EACCES for a directory, which sends people the wrong way. Looks at the file after the fact, and only reads.
 */

import type { ServicePlan } from "../engine/plan.ts";

const ENOENT = 2;
const E2BIG = 7;
const ENOEXEC = 8;
const EACCES = 13;
const EINVAL = 22;
const headBytes = 256;
const anyExecuteBit = 0o111;

/** `errno` is that of the exec stage; `searchPath` the service's PATH. What stands behind "cannot run PROGRAM:". */
export function execProblem(program: string, errno: number, service: ServicePlan, searchPath: string): string {
  const why = host.errnoText(errno);
  if (errno === E2BIG) return `${why}: its arguments and environment are too large for the kernel`;
  if (!program.includes("/") && errno === ENOENT) return `not found in PATH (${searchPath || "which is empty"})`;
  const path = program.startsWith("/") ? program : `${service.directory || "."}/${program}`;
  if (!program.includes("/")) return why;
  const found = host.stat(path);
  if (typeof found === "number") return why;
  if (found.kind === "directory") return "it is a directory";
  if (errno === EACCES && (found.mode & anyExecuteBit) === 0) return `it is not executable (chmod +x ${path})`;
  if (errno === ENOENT) return missingInterpreter(path) ?? why;
  if (errno === ENOEXEC || errno === EINVAL)
    return `${why}: it is no program for this machine, nor a script that begins with #!`;
  return why;
}

/** The file is there, so what it names to be run by is not. */
function missingInterpreter(path: string): string | null {
  const head = headOf(path);
  if (head.startsWith("#!")) {
    const line = head.slice(2).split("\n", 1)[0] ?? "";
    const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? "";
    if (line.endsWith("\r")) return `its first line ends in CR LF, so that its interpreter is "${interpreter}\\r"`;
    return `its interpreter ${interpreter} is missing`;
  }
  if (head.startsWith("\x7fELF")) return "the loader that it names is missing: it was built for another system";
  return null;
}

function headOf(path: string): string {
  const fd = host.open(path, "r", 0);
  if (fd < 0) return "";
  const data = host.readFd(fd, 0, headBytes);
  host.close(fd);
  return typeof data === "number" ? "" : host.decodeUtf8(data);
}
