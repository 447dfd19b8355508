/** Keeps the system's records of sessions, where it has such files: one place a line in utmp, all that happens in wtmp. */

import { encodeUtmp, isOfLine, type UtmpRecord, utmpBytes } from "./utmp-record.ts";

const currentPath = "/run/utmp";
const historyPath = "/var/log/wtmp";
/** A file with more lines than this is none that we would want to read to its end. */
const recordsMax = 10_000;

export function recordSession(record: UtmpRecord): void {
  const bytes = encodeUtmp(record);
  replaceRecord(bytes, record.line);
  // Who waits for a login is no session.
  if (record.type !== "login") append(historyPath, bytes);
}

function replaceRecord(bytes: Uint8Array, line: string): void {
  const fd = host.open(currentPath, "rw", 0);
  if (fd < 0) return;
  const place = placeOf(fd, line);
  host.close(fd);
  if (place === null) {
    append(currentPath, bytes);
    return;
  }
  const again = host.open(currentPath, "rw", 0);
  if (again < 0) return;
  // Reading is what moves the place at which the next write goes.
  for (let at = 0; at < place; at++) host.readFd(again, -1, utmpBytes);
  host.write(again, bytes);
  host.close(again);
}

/** Number of the line's record; null: it has none. */
function placeOf(fd: number, line: string): number | null {
  for (let at = 0; at < recordsMax; at++) {
    const record = host.readFd(fd, at * utmpBytes, utmpBytes);
    if (typeof record === "number" || record.length < utmpBytes) return null;
    if (isOfLine(record, line)) return at;
  }
  return null;
}

function append(path: string, bytes: Uint8Array): void {
  const fd = host.open(path, "a", 0);
  if (fd < 0) return;
  host.write(fd, bytes);
  host.close(fd);
}
