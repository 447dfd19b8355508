/**
 * Whether a gonit has ended for good, or only its manager is being replaced. init holds listener and lock for as long as
 * gonit runs, so a refused connection tells of the end; a socket file that is not there may have been removed by somebody,
 * and comes back while the lock is held.
 */

const ENOENT = 2;
const ECONNREFUSED = 111;
/** Held locks of all processes, see proc_locks(5). */
const locksPath = "/proc/locks";
const locksBytesMax = 4 * 1024 * 1024;

/** `error`: what a connection to the socket gave, -errno. False also when it cannot be told. */
export function hasEnded(socket: string, error: number): boolean {
  if (error === -ECONNREFUSED) return true;
  if (error !== -ENOENT) return false;
  const inodes = [`${socket}.lock`, socket.replace(/\.sock$/, ".lock")]
    .map((path) => host.stat(path))
    .flatMap((found) => (typeof found === "number" || found.kind !== "file" ? [] : [found.inode]));
  const locks = host.readFile(locksPath, locksBytesMax);
  if (inodes.length === 0 || typeof locks === "number") return false;
  const text = host.decodeUtf8(locks);
  return inodes.every((inode) => !text.includes(`:${inode} `));
}
