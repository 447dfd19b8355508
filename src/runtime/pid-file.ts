/** Pid files: a process number in text, written by a program that nobody has to trust. */

/** Some programs write more lines behind the number; none writes a page. */
const bytesMax = 4096;
/** The kernel's own bound of process numbers (PID_MAX_LIMIT). */
const pidMax = 4_194_304;
const ELOOP = 40;
const ENOENT = 2;

/** What tells one writing of a file from another; empty: it is not there. */
export function fileStamp(path: string): string {
  const found = host.stat(path);
  return typeof found === "number" ? "" : `${found.device}:${found.inode}:${found.mtimeMs}:${found.size}`;
}

/** The number, or why there is none. `stale`: the stamp of a file that an earlier start has left. */
export function readPidFile(path: string, stale: string): number | string {
  const found = host.stat(path);
  if (typeof found === "number") return found === -ENOENT ? "it is not there" : host.errnoText(found);
  if (found.kind !== "file") return "it is no regular file";
  const fd = host.open(path, "rn", 0);
  if (fd < 0) return fd === -ELOOP ? "it is a symbolic link" : host.errnoText(fd);
  const data = host.readFd(fd, 0, bytesMax + 1);
  host.close(fd);
  if (typeof data === "number") return host.errnoText(data);
  if (data.length > bytesMax) return `it is longer than ${bytesMax} bytes`;
  if (stale !== "" && fileStamp(path) === stale) return "it was there before the start";
  return parsePid(host.decodeUtf8(data));
}

/** The first line. */
export function parsePid(text: string): number | string {
  const line = (text.split("\n", 1)[0] as string).trim();
  if (line === "") return "it is empty";
  if (!/^\d{1,10}$/.test(line)) return "it holds no process number";
  const pid = Number(line);
  return pid >= 1 && pid <= pidMax ? pid : `${pid} is no process number`;
}
