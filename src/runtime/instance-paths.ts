/**
 * Where an instance lives: its name, lock and control socket. The lock decides who runs; a socket file that nobody
 * holds the lock of is stale and is replaced. Where nothing is writable the socket has an abstract name, which is the
 * lock as well.
 */

import { abstractSocket, socketDirectories } from "../control/socket-path.ts";
import { readLock, signLock } from "./lock-file.ts";

const EADDRINUSE = 98;
const EWOULDBLOCK = 11;

export interface InstancePaths {
  name: string;
  /** A path, or @NAME. */
  socket: string;
  /** Folder for notify sockets; empty: abstract names. */
  notifyDirectory: string;
  /** The lock's file; empty where the socket's name is the lock. */
  lock: string;
}

export type Claim =
  | { paths: InstancePaths; listener: number; locks: number[]; earlierRuns: string[] }
  /** Another gonit runs this instance. */
  | { error: string };

export interface ClaimRequest {
  name: string;
  /** --socket or GONIT_SOCKET; null: by the rules of the user. */
  socket: string | null;
  uid: number;
  runtimeDirectory: string | null;
  /** Take the well-known socket when it is free. */
  mayBeFirst: boolean;
}

export const socketMode = 0o666;

/** What a claim needs to know of the process that makes it. */
export function claimerFacts(inherited: Map<string, string>): Omit<ClaimRequest, "name" | "socket"> {
  return { uid: host.uid(), runtimeDirectory: inherited.get("XDG_RUNTIME_DIR") ?? null, mayBeFirst: true };
}

export function claimInstance(request: ClaimRequest): Claim {
  if (request.socket !== null) return claimSocket(request, request.socket);
  for (const directory of socketDirectories(request.uid, request.runtimeDirectory)) {
    if (host.makeDirectory(directory, 0o755, -1, -1) < 0) continue;
    const claim = claimIn(request, directory);
    if (claim !== null) return claim;
  }
  return claimAbstract(request);
}

/** null: the folder cannot be written to. */
function claimIn(request: ClaimRequest, directory: string): Claim | null {
  const lockPath = `${directory}/${request.name}.lock`;
  const lock = host.lockFile(lockPath);
  if (lock === -EWOULDBLOCK) return { error: runningAlready(request.name, lockPath) };
  if (lock < 0) return null;
  const { runs: earlierRuns } = readLock(lockPath);
  signLock(lockPath, earlierRuns);
  const locks = [lock];
  let socket = `${directory}/${request.name}.sock`;
  if (request.uid === 0 && request.mayBeFirst) {
    const first = host.lockFile(`${directory}/control.lock`);
    if (first >= 0) {
      locks.push(first);
      socket = `${directory}/control.sock`;
    }
  }
  const problem = removeStale(socket);
  if (problem !== "") return { error: problem };
  const listener = host.listenUnix(socket, socketMode);
  if (listener < 0) {
    for (const fd of locks) host.close(fd);
    return null;
  }
  const notifyDirectory = `${directory}/${request.name}.notify`;
  const made = host.makeDirectory(notifyDirectory, 0o755, -1, -1) >= 0;
  const paths = { name: request.name, socket, notifyDirectory: made ? notifyDirectory : "", lock: lockPath };
  return { paths, listener, locks, earlierRuns };
}

/** A socket where the user wants it: the lock stands beside it. */
function claimSocket(request: ClaimRequest, socket: string): Claim {
  const locks: number[] = [];
  const lockPath = socket.startsWith("@") ? "" : `${socket}.lock`;
  let earlierRuns: string[] = [];
  if (!socket.startsWith("@")) {
    const problem = strangeSocket(socket);
    if (problem !== "") return { error: problem };
    const lock = host.lockFile(lockPath);
    if (lock === -EWOULDBLOCK) return { error: runningAlready(request.name, lockPath) };
    if (lock < 0) return { error: `cannot make the lock ${lockPath}: ${host.errnoText(lock)}` };
    earlierRuns = readLock(lockPath).runs;
    signLock(lockPath, earlierRuns);
    locks.push(lock);
    removeStale(socket);
  }
  const listener = host.listenUnix(socket, socketMode);
  if (listener === -EADDRINUSE) return { error: runningAlready(request.name, "") };
  if (listener < 0) return { error: `cannot listen on ${socket}: ${host.errnoText(listener)}` };
  return { paths: { name: request.name, socket, notifyDirectory: "", lock: lockPath }, listener, locks, earlierRuns };
}

function claimAbstract(request: ClaimRequest): Claim {
  const socket = abstractSocket(request.uid, request.name);
  const listener = host.listenUnix(socket, socketMode);
  if (listener === -EADDRINUSE) return { error: runningAlready(request.name, "") };
  if (listener < 0) return { error: `cannot listen on ${socket}: ${host.errnoText(listener)}` };
  const paths = { name: request.name, socket, notifyDirectory: "", lock: "" };
  return { paths, listener, locks: [], earlierRuns: [] };
}

/** A socket that nobody holds the lock of goes. What is none is not ours: why it cannot be used, or an empty text. */
function removeStale(path: string): string {
  const problem = strangeSocket(path);
  if (problem === "") host.remove(path);
  return problem;
}

function strangeSocket(path: string): string {
  const found = host.stat(path);
  if (typeof found === "number" || found.kind === "socket") return "";
  return `cannot use ${path} as the control socket: there is a ${found.kind}; name another path, or move it away`;
}

function runningAlready(name: string, lock: string): string {
  const { pid } = readLock(lock);
  const who = pid === null ? "another gonit" : `another gonit (pid ${pid})`;
  return `cannot start: ${who} runs the instance ${name} already; see it with gonit status, or end it with gonit shutdown`;
}
