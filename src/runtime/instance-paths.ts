/**
 * Where an instance lives: its name, lock and control socket. The lock decides who runs; a socket file that nobody
 * holds the lock of is stale and is replaced. Where nothing is writable the socket has an abstract name, which is the
 * lock as well.
 */

import { abstractSocket, socketDirectories } from "../control/socket-path.ts";

const EADDRINUSE = 98;
const EWOULDBLOCK = 11;

export interface InstancePaths {
  name: string;
  /** A path, or @NAME. */
  socket: string;
  /** Folder for notify sockets; empty: abstract names. */
  notifyDirectory: string;
}

export type Claim =
  | { paths: InstancePaths; listener: number; locks: number[] }
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

const socketMode = 0o666;

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
  const lock = host.lockFile(`${directory}/${request.name}.lock`);
  if (lock === -EWOULDBLOCK) return { error: runningAlready(request.name) };
  if (lock < 0) return null;
  const locks = [lock];
  let socket = `${directory}/${request.name}.sock`;
  if (request.uid === 0 && request.mayBeFirst) {
    const first = host.lockFile(`${directory}/control.lock`);
    if (first >= 0) {
      locks.push(first);
      socket = `${directory}/control.sock`;
    }
  }
  host.remove(socket);
  const listener = host.listenUnix(socket, socketMode);
  if (listener < 0) {
    for (const fd of locks) host.close(fd);
    return null;
  }
  const notifyDirectory = `${directory}/${request.name}.notify`;
  const made = host.makeDirectory(notifyDirectory, 0o755, -1, -1) >= 0;
  return { paths: { name: request.name, socket, notifyDirectory: made ? notifyDirectory : "" }, listener, locks };
}

/** A socket where the user wants it: the lock stands beside it. */
function claimSocket(request: ClaimRequest, socket: string): Claim {
  const locks: number[] = [];
  if (!socket.startsWith("@")) {
    const lock = host.lockFile(`${socket}.lock`);
    if (lock === -EWOULDBLOCK) return { error: runningAlready(request.name) };
    if (lock < 0) return { error: `cannot make the lock ${socket}.lock: ${host.errnoText(lock)}` };
    locks.push(lock);
    host.remove(socket);
  }
  const listener = host.listenUnix(socket, socketMode);
  if (listener === -EADDRINUSE) return { error: runningAlready(request.name) };
  if (listener < 0) return { error: `cannot listen on ${socket}: ${host.errnoText(listener)}` };
  return { paths: { name: request.name, socket, notifyDirectory: "" }, listener, locks };
}

function claimAbstract(request: ClaimRequest): Claim {
  const socket = abstractSocket(request.uid, request.name);
  const listener = host.listenUnix(socket, socketMode);
  if (listener === -EADDRINUSE) return { error: runningAlready(request.name) };
  if (listener < 0) return { error: `cannot listen on ${socket}: ${host.errnoText(listener)}` };
  return { paths: { name: request.name, socket, notifyDirectory: "" }, listener, locks: [] };
}

function runningAlready(name: string): string {
  return `cannot start: another gonit runs the instance ${name} already; see it with gonit status, or end it with gonit shutdown`;
}
