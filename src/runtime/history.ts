/**
 * The memory behind `gonit events`, `status --at` and `analyze`: lines (src/control/history.ts) in two memory files that
 * init holds, so that they outlive the manager. When one is full, the older one is given up and a new one begins with
 * the state of all services: what is kept is bounded, and reaches back at least as far as one full file.
 */

import {
  addLine,
  emptyPast,
  type HistoryBase,
  type HistoryEvent,
  type HistoryLine,
  readHistory,
} from "../control/history.ts";
import type { Now } from "../engine/event.ts";
import { heldBytesMax, heldText, writeAll } from "./held-text.ts";

const namePrefix = "history:";
const fileBytes = 256 * 1024;
/** A state of very many services must leave room for what follows it. */
const timesBase = 3;
/** A clock that is being corrected slowly, see adjtimex(2), goes wrong by less than this much of the time that passes. */
const slewMost = 0.0006;
const stepMsLeast = 250;
const newline = 10;
const closingBrace = 125;
/** Behind what is no line: no whole one ends so. */
const cutEnd = " \n";
const headBytesMax = 512;

interface MemoryFile {
  name: string;
  fd: number;
  bytes: number;
  bytesMax: number;
}

export class History {
  /**
   * The older one first: none, or two from the first line on, so that init has the same number of descriptors for them
   * all the time. Fewer where there is no memory for them.
   */
  private files: MemoryFile[] = [];
  private number = 0;
  private seq = 1;
  private lastTurn = "";
  private last: { bootMs: number; wallMs: number } | null = null;
  private readonly followers = new Set<(line: string) => void>();

  constructor(held: { name: string; fd: number }[]) {
    for (const { name, fd } of held) {
      if (!name.startsWith(namePrefix)) continue;
      this.files.push({ name, fd, bytes: 0, bytesMax: fileBytes });
    }
    this.files.sort((one, other) => numberOf(one) - numberOf(other));
    const newest = this.files.at(-1);
    if (newest !== undefined) this.number = numberOf(newest);
    // The newest one has no line yet where its manager was killed in beginning it.
    for (const file of this.files.slice().reverse()) if (this.last === null) this.adopt(file);
    // A manager was killed between giving up one and beginning another.
    const [only, second] = this.files;
    const earlier = only !== undefined && second === undefined ? this.make(numberOf(only) - 1) : null;
    if (earlier !== null) this.files.unshift(earlier);
  }

  /** Only the beginning of the last line is read: it may tell the start of thousands of services. */
  private adopt(file: MemoryFile): void {
    const data = host.readFd(file.fd, 0, heldBytesMax);
    if (typeof data === "number" || data.length === 0) return;
    file.bytes = data.length;
    file.bytesMax = Math.max(fileBytes, timesBase * data.indexOf(newline));
    // The one before died while it wrote: what it began is no line, and must not become one with what follows.
    if (data[data.length - 1] !== newline) this.append(file, cutEnd);
    const last = lastHead(data);
    if (last === null) return;
    this.last = last;
    this.seq = last.next;
    this.lastTurn = last.turn;
  }

  /** `turn` names the turn: one that was told already is not told again. */
  record(now: Now, turn: string, told: HistoryEvent[]): void {
    if (turn !== "" && turn === this.lastTurn) return;
    const events = [...this.clockEvents(now), ...told];
    if (events.length === 0) return;
    const { bootMs, wallMs } = now;
    const next = this.seq + events.length;
    const line: HistoryLine = { seq: this.seq, bootMs, wallMs, turn, next, events };
    this.seq = next;
    this.lastTurn = turn;
    this.last = { bootMs, wallMs };
    const text = `${JSON.stringify(line)}\n`;
    const file = this.fileFor(text, now);
    if (file !== null) this.append(file, text);
    for (const follower of this.followers) follower(text);
  }

  /** The wall clock was set, or may have been. */
  clockMayHaveStepped(now: Now): void {
    this.record(now, "", []);
  }

  /** All that is kept, the oldest file first. */
  texts(): string[] {
    return this.files.map(({ fd }) => heldText(fd) ?? "");
  }

  /** Calls `more` with each line that comes, until the returned function is called. */
  follow(more: (line: string) => void): () => void {
    this.followers.add(more);
    return () => this.followers.delete(more);
  }

  private clockEvents({ bootMs, wallMs }: Now): HistoryEvent[] {
    if (this.last === null) return [];
    const passedMs = bootMs - this.last.bootMs;
    const stepMs = wallMs - this.last.wallMs - passedMs;
    const isStep = Math.abs(stepMs) > stepMsLeast + Math.max(0, passedMs) * slewMost;
    return isStep ? [{ event: "clock-stepped", stepMs }] : [];
  }

  private fileFor(text: string, now: Now): MemoryFile | null {
    const newest = this.files.at(-1);
    // An empty one lacks the state that a file begins with.
    if (newest !== undefined && newest.bytes > 0 && newest.bytes + text.length <= newest.bytesMax) return newest;
    const past = this.pastOfNewest();
    const base: HistoryBase = { seq: this.seq, bootMs: now.bootMs, wallMs: now.wallMs, turn: "", next: this.seq, past };
    return this.begin(`${JSON.stringify(base)}\n`);
  }

  private pastOfNewest(): HistoryBase["past"] {
    const newest = this.files.at(-1);
    const history = newest === undefined ? null : readHistory([heldText(newest.fd) ?? ""]);
    if (history === null) return emptyPast();
    const { past } = history.base;
    for (const line of history.lines) addLine(past, line);
    return past;
  }

  /** null: there is no memory, and nothing is kept until there is. */
  private begin(base: string): MemoryFile | null {
    if (this.files.length === 0) {
      const empty = this.make(this.number);
      if (empty !== null) this.files.push(empty);
    }
    while (this.files.length > 1) this.giveUp(this.files.shift() as MemoryFile);
    const file = this.make(this.number + 1);
    if (file === null) return null;
    this.number++;
    file.bytesMax = Math.max(fileBytes, timesBase * base.length);
    this.append(file, base);
    this.files.push(file);
    return file;
  }

  private make(number: number): MemoryFile | null {
    const name = `${namePrefix}${number}`;
    const fd = host.memory(name);
    if (fd < 0) return null;
    if (host.hold(name, fd) >= 0) return { name, fd, bytes: 0, bytesMax: fileBytes };
    host.close(fd);
    return null;
  }

  private giveUp({ name, fd }: MemoryFile): void {
    host.releaseHeld(name);
    host.close(fd);
  }

  /** The descriptor is the one that init holds: what is written stands behind what others wrote. */
  private append(file: MemoryFile, text: string): void {
    const bytes = host.encodeUtf8(text);
    writeAll(file.fd, bytes);
    file.bytes += bytes.length;
  }
}

/** What a line begins with, whatever it tells. */
type Head = Pick<HistoryLine, "bootMs" | "wallMs" | "turn" | "next">;

/** Of the last line that is whole; null: there is none. */
function lastHead(data: Uint8Array): Head | null {
  for (let end = data.lastIndexOf(newline); end > 0; ) {
    const before = data.lastIndexOf(newline, end - 1);
    const head = data[end - 1] === closingBrace ? headOf(data.subarray(before + 1, end)) : null;
    if (head !== null) return head;
    end = before;
  }
  return null;
}

function headOf(line: Uint8Array): Head | null {
  const text = host.decodeUtf8(line.subarray(0, headBytesMax));
  const end = text.search(/,"(events|past)":/);
  return end < 0 ? null : (JSON.parse(`${text.slice(0, end)}}`) as Head);
}

function numberOf({ name }: MemoryFile): number {
  return Number(name.slice(namePrefix.length));
}
