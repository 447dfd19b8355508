/** Texts that outlive the manager: memory files in init's table. */

export const heldBytesMax = 64 * 1024 * 1024;

/** Stores a text under a name, in place of an earlier one. 0 or -errno. */
export function holdText(name: string, text: string): number {
  const fd = host.memory(name);
  if (fd < 0) return fd;
  const error = writeAll(fd, host.encodeUtf8(text)) || host.hold(name, fd);
  host.close(fd);
  return error;
}

/** The text behind a held descriptor; null when it cannot be read. */
export function heldText(fd: number): string | null {
  const data = host.readFd(fd, 0, heldBytesMax);
  return typeof data === "number" ? null : host.decodeUtf8(data);
}

/** All of it, also where a write takes less. 0 or -errno. */
export function writeAll(fd: number, data: Uint8Array): number {
  let at = 0;
  while (at < data.length) {
    const written = host.write(fd, data.subarray(at));
    if (written <= 0) return written;
    at += written;
  }
  return 0;
}
