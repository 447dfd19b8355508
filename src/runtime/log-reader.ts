/**
 * Follows one log source by the count of bytes that passed through it: what came since the last look, in bounded
 * pieces. Bytes that were rotated away or pushed out of memory before they were read are skipped.
 */

import { LogFlag } from "../contract.ts";
import { isInMemory, type LogSource } from "./log-store.ts";

const pieceBytesMax = 256 * 1024;

export class LogReader {
  /** Bytes of the source (as the logger counts what it stored) that were read or skipped. */
  private position: number;
  private rest: Uint8Array = new Uint8Array(0);
  private readonly stamps: boolean;

  /** `stamps`: whether time stamps are left where they stand. */
  constructor(position: number, { stamps = false } = {}) {
    this.position = position;
    this.stamps = stamps;
  }

  /** What came since, as text: whole lines; what has come of another one waits for its end. */
  read(source: LogSource): string {
    return this.take(source, endOfLastLine);
  }

  /** The same with what has no line end: nothing more comes. */
  readLast(source: LogSource): string {
    return this.take(source, ({ length }) => length);
  }

  private take(source: LogSource, endOf: (data: Uint8Array) => number): string {
    const counters = host.logCounters(source.slot);
    const missing = Math.max(0, counters.stored - this.position);
    this.position = counters.stored;
    if (missing === 0 && this.rest.length === 0) return "";
    const bytes = Math.min(missing, pieceBytesMax);
    const isMemory = isInMemory(source, counters.flags);
    const data = isMemory ? memoryTail(source, bytes) : fileTail(source, counters.fileSize, bytes);
    const whole = data.length < missing ? data : joined(this.rest, data);
    const end = endOf(whole);
    this.rest = whole.slice(end);
    return this.shown(whole.subarray(0, end), source);
  }

  private shown(bytes: Uint8Array, { flags }: LogSource): string {
    const text = host.decodeUtf8(bytes);
    return this.stamps ? text : withoutStamps(text, flags);
  }
}

function memoryTail({ slot }: LogSource, bytes: number): Uint8Array {
  const memory = host.logMemory(slot);
  return memory.subarray(Math.max(0, memory.length - bytes));
}

function fileTail({ path }: LogSource, fileSize: number, bytes: number): Uint8Array {
  const inFile = Math.min(bytes, fileSize);
  const data = readTail(path, fileSize - inFile, inFile);
  const archive = `${path}.1`;
  const archived = inFile < bytes ? host.stat(archive) : 0;
  if (typeof archived === "number") return data;
  const inArchive = Math.min(bytes - inFile, archived.size);
  return joined(readTail(archive, archived.size - inArchive, inArchive), data);
}

function readTail(path: string, offset: number, bytes: number): Uint8Array {
  const fd = host.open(path, "rn", 0);
  if (fd < 0) return new Uint8Array(0);
  const data = host.readFd(fd, Math.max(0, offset), bytes);
  host.close(fd);
  return typeof data === "number" ? new Uint8Array(0) : data;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first, 0);
  both.set(second, first.length);
  return both;
}

function endOfLastLine(data: Uint8Array): number {
  const at = data.lastIndexOf(10);
  return at < 0 && data.length > pieceBytesMax ? data.length : at + 1;
}

const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /gm;

export function withoutStamps(text: string, flags: number): string {
  return (flags & LogFlag.stamp) === 0 ? text : text.replace(stamp, "");
}
