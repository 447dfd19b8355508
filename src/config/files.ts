/** What configuration is read through: files and libyaml, given from outside so that tests run without either. */

import type { YamlEvents } from "../contract.ts";

export interface FileAccess {
  /** The whole of a regular file, or -errno; -EFBIG above maxBytes. */
  readFile(path: string, maxBytes: number): Uint8Array | number;
  /** file, directory, … or -errno. */
  kindOf(path: string): string | number;
  /** Names in byte order, or -errno. */
  list(path: string): string[] | number;
  realPath(path: string): string | number;
  /** SHA-256 in hexadecimal. */
  hash(data: Uint8Array): string;
  decodeUtf8(bytes: Uint8Array): string;
  /** -1, or the offset of the first byte that is no UTF-8. */
  firstInvalidUtf8(bytes: Uint8Array): number;
  /** Seconds east of UTC at a time in seconds since 1970, by a zone file. */
  zoneOffset(path: string, seconds: number): number;
  /** strerror(3). */
  errorText(errno: number): string;
}

export interface YamlSource {
  events(text: Uint8Array, maxEvents: number): YamlEvents;
}

export const errno = { ENOENT: 2, EACCES: 13, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, EFBIG: 27 } as const;
