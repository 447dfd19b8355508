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

  /** What came since, as text. */
  read(source: LogSource): string {
    const counters = host.logCounters(source.slot);
    const missing = counters.stored - this.position;
    if (missing <= 0) return "";
    this.position = counters.stored;
    const bytes = Math.min(missing, pieceBytesMax);
    if (isInMemory(source, counters.flags)) {
      const memory = host.logMemory(source.slot);
      return this.shown(memory.subarray(Math.max(0, memory.length - bytes)), source);
    }
    return this.readFile(source, counters.fileSize, bytes);
  }

  private readFile(source: LogSource, fileSize: number, bytes: number): string {
    const inFile = Math.min(bytes, fileSize);
    let data = readTail(source.path, fileSize - inFile, inFile);
    if (inFile < bytes) {
      const archive = `${source.path}.1`;
      const archived = host.stat(archive);
      if (typeof archived === "object") {
        const inArchive = Math.min(bytes - inFile, archived.size);
        data = joined(readTail(archive, archived.size - inArchive, inArchive), data);
      }
    }
    // A character may be cut at the end of what was stored by now: it waits for its other half.
    const whole = joined(this.rest, data);
    const end = (source.flags & LogFlag.json) === 0 ? endOfLastLine(whole) : whole.length;
    this.rest = whole.slice(end);
    return this.shown(whole.subarray(0, end), source);
  }

  private shown(bytes: Uint8Array, { flags }: LogSource): string {
    const text = host.decodeUtf8(bytes);
    return this.stamps ? text : withoutStamps(text, flags);
  }
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
