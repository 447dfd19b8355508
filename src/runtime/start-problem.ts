/** Why a process could not be started, in words that name what is to be mended. Looks at files, and only reads. */

import { Stage } from "../contract.ts";
import type { ServicePlan } from "../engine/plan.ts";
import { unmappedDetail } from "./id-map.ts";
import { type DirectoryBases, directoryFailure } from "./service-directories.ts";
import type { Identity } from "./service-identity.ts";

const ENOENT = 2;
const E2BIG = 7;
const ENOEXEC = 8;
const EACCES = 13;
const EINVAL = 22;
const headBytes = 256;
const pathMax = 80;
const anyExecuteBit = 0o111;

/** What a child was doing at the stages whose words need nothing of the service. */
const stepTexts: Record<number, string> = {
  [Stage.queue]: "no process could be started now",
  [Stage.descriptors]: "cannot hand over its descriptors",
  [Stage.clone]: "cannot make a process",
  [Stage.cgroup]: "cannot enter its cgroup",
  [Stage.session]: "cannot make a session",
  [Stage.namespaces]: "cannot make its namespaces",
  [Stage.userNamespace]: "cannot make its user namespace",
  [Stage.mounts]: "cannot make its mounts (Linux 5.12 or later is needed)",
  [Stage.rlimits]: "cannot set its limits",
  [Stage.nice]: "cannot set its niceness",
  [Stage.oomScore]: "cannot set its OOM score",
  [Stage.capabilities]: "cannot set its capabilities",
  [Stage.noNewPrivileges]: "cannot give up new privileges",
  [Stage.seccomp]: "cannot set its seccomp filter",
  [Stage.signals]: "cannot reset its signals",
};

export interface FailedStart {
  program: string;
  service: ServicePlan;
  identity: Identity;
  bases: DirectoryBases;
  /** The service's PATH. */
  searchPath: string;
}

/** What stands behind "cannot start NAME:" for a child that got no further than `stage`. */
export function startProblem(stage: number, errno: number, failed: FailedStart): string {
  const why = host.errnoText(errno);
  const { program, service, identity } = failed;
  switch (stage) {
    case Stage.exec:
      return `cannot run ${program}: ${execProblem(errno, failed)}`;
    case Stage.command:
      return `cannot run ${program}: its arguments, variables or groups are too many, or too long`;
    case Stage.directory:
      return `cannot enter the directory ${service.directory}: ${why}`;
    case Stage.user:
    case Stage.groups:
      return `cannot become ${service.user || service.group}: ${(identity.kind === "user" && unmappedDetail(identity)) || why}`;
    case Stage.directories:
      return service.directories === null ? why : directoryFailure(service.directories, failed.bases, why);
    case Stage.root:
      return `cannot enter its root directory ${service.sandbox?.root ?? ""}: ${why}`;
    case Stage.input:
      return `cannot open its standard input ${service.stdin}: ${why}`;
    case Stage.terminal:
      return `cannot take its terminal${service.tty?.device ? ` ${service.tty.device}` : ""}: ${why}`;
    case Stage.timeLimit:
      return `${program} did not begin to run within its time limit`;
    case Stage.killed:
      return `${program} was killed before it began to run`;
  }
  const step = stepTexts[stage];
  return step === undefined ? why : `${step}: ${why}`;
}

/**
 * execve(2) answers ENOENT for a script whose interpreter is missing and EACCES for a directory, which sends people the
 * wrong way.
 */
function execProblem(errno: number, { program, service, searchPath }: FailedStart): string {
  const why = host.errnoText(errno);
  if (errno === E2BIG) return `${why}: its arguments and environment are too large for the kernel`;
  if (!program.includes("/") && errno === ENOENT) return `not found in PATH (${shownPath(searchPath)})`;
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

/** A developer's PATH can be longer than all that is to be said beside it. */
function shownPath(path: string): string {
  if (path === "") return "which is empty";
  const folders = path.split(":");
  const [first, last] = [folders[0], folders[folders.length - 1]];
  return path.length <= pathMax ? path : `${folders.length} folders, from ${first} to ${last}`;
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
