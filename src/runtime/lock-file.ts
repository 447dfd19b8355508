/**
 * What stands in an instance's lock file: the process number of init, for the message of whoever comes second; then the
 * marks of runs, each on a line, its own first, for whoever comes after it was killed. An ordered end leaves it blank, but
 * for the runs of which something may be left still.
 */

const bytes = 256;
const runsMax = 4;

export interface LockText {
  /** Process number of init; null: nobody holds it, or it is not there. */
  pid: string | null;
  /** Marks of runs (GONIT_INSTANCE) whose processes may be left, newest first. */
  runs: string[];
}

export function readLock(path: string): LockText {
  const data = path === "" ? -1 : host.readFile(path, bytes);
  const text = typeof data === "number" ? "" : host.decodeUtf8(data);
  const [pid = "", ...runs] = text.trimEnd().split("\n");
  if (!/^\d+$/.test(pid)) return { pid: null, runs: [] };
  return { pid, runs: runs.filter((run) => /^[0-9a-zA-Z]+$/.test(run)).slice(0, runsMax) };
}

/** Ours, with the marks of earlier runs that are not known to have ended. */
export function signLock(path: string, earlierRuns: string[]): void {
  write(path, [host.roles().init.pid, host.instanceId(), ...earlierRuns.slice(0, runsMax - 1)].join("\n"));
}

/** An ordered end: what is not known to have ended stays on record for the next one. */
export function leaveLock(path: string, earlierRuns: string[]): void {
  write(path, earlierRuns.length === 0 ? "" : ["0", ...earlierRuns].join("\n"));
}

/** In place, since the lock belongs to the file itself; blanks cover what stood there. */
function write(path: string, text: string): void {
  const fd = path === "" ? -1 : host.open(path, "rw", 0);
  if (fd < 0) return;
  host.write(fd, `${text}\n`.padEnd(bytes));
  host.close(fd);
}
