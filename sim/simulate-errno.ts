/** Errors of system calls that a start can end with: name, number on Linux (x86-64 and arm64), and text of strerror(3). */

import { Refusal } from "../src/config/refusal.ts";
import { didYouMean } from "../src/config/suggest.ts";

const errors: [name: string, number: number, text: string][] = [
  ["EPERM", 1, "Operation not permitted"],
  ["ENOENT", 2, "No such file or directory"],
  ["EIO", 5, "I/O error"],
  ["E2BIG", 7, "Argument list too long"],
  ["ENOEXEC", 8, "Exec format error"],
  ["EAGAIN", 11, "Resource temporarily unavailable"],
  ["ENOMEM", 12, "Out of memory"],
  ["EACCES", 13, "Permission denied"],
  ["EBUSY", 16, "Resource busy"],
  ["ENOTDIR", 20, "Not a directory"],
  ["EISDIR", 21, "Is a directory"],
  ["EINVAL", 22, "Invalid argument"],
  ["ENFILE", 23, "Too many open files in system"],
  ["EMFILE", 24, "No file descriptors available"],
  ["ETXTBSY", 26, "Text file busy"],
  ["ENOSPC", 28, "No space left on device"],
  ["EROFS", 30, "Read-only file system"],
  ["ENAMETOOLONG", 36, "Filename too long"],
  ["ELOOP", 40, "Symbolic link loop"],
  ["ELIBBAD", 80, "Accessing a corrupted shared library"],
  ["ESTALE", 116, "Stale file handle"],
  ["EDQUOT", 122, "Quota exceeded"],
];

const names = errors.map(([name]) => name);

export function errnoNumber(word: string): number | Refusal {
  const found = errors.find(([name]) => name === word.toUpperCase());
  if (found !== undefined) return found[1];
  return new Refusal(`a start does not end with it; known are ${names.join(", ")}`, didYouMean(word, names));
}

export function errnoText(errno: number): string {
  return errors.find(([, number]) => number === errno)?.[2] ?? `error ${errno}`;
}
