/** A file's text: read once, within a size, as UTF-8 with at most one byte order mark. */

import type { PlanSource } from "../engine/plan.ts";
import { errno, type FileAccess } from "./files.ts";

export const fileBytesMax = 8 * 1024 * 1024;

export type ReadText =
  | { bytes: Uint8Array; text: string; hash: string }
  /** Completes "cannot read FILE: …"; line and column count from 1, 0 where they say nothing. */
  | { why: string; fix: string; errno: number; line: number; column: number };

export function readText(files: FileAccess, path: string, maxBytes: number): ReadText {
  const bytes = files.readFile(path, maxBytes);
  if (typeof bytes === "number") return { ...unreadable(files, -bytes, maxBytes), errno: -bytes, line: 0, column: 0 };
  const hash = files.hash(bytes);
  const body = hasMark(bytes) ? bytes.subarray(3) : bytes;
  if (hasMark(body)) {
    return {
      why: "it begins with two byte order marks",
      fix: "remove both: they are no part of the text",
      errno: 0,
      line: 1,
      column: 1,
    };
  }
  const wrong = files.firstInvalidUtf8(body);
  if (wrong >= 0) return notUtf8(files, body, wrong);
  return { bytes: body, text: files.decodeUtf8(body), hash };
}

/** What a file holds now, also where it is no text; null: it cannot be read. */
export function sourceOf(files: FileAccess, path: string): PlanSource | null {
  const bytes = files.readFile(path, fileBytesMax);
  return typeof bytes === "number" ? null : { path, hash: files.hash(bytes) };
}

function unreadable(files: FileAccess, code: number, maxBytes: number): { why: string; fix: string } {
  if (code === errno.EFBIG) return { why: `it is larger than ${maxBytes / 1024 / 1024} MiB`, fix: "" };
  if (code === errno.EINVAL) return { why: "it is no regular file", fix: "" };
  return { why: files.errorText(code), fix: "" };
}

function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function notUtf8(files: FileAccess, bytes: Uint8Array, offset: number): ReadText {
  const byte = `0x${(bytes[offset] ?? 0).toString(16).padStart(2, "0")}`;
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const fix = isUtf16 ? "it looks like UTF-16: save it as UTF-8" : "save it as UTF-8";
  const before = files.decodeUtf8(bytes.subarray(0, offset));
  const line = before.split("\n").length;
  const column = [...before.slice(before.lastIndexOf("\n") + 1)].length + 1;
  return { why: `the byte ${byte} is no UTF-8`, fix, errno: 0, line, column };
}
