/**
 * `ready: {fd}`: the pipes on which services write a line when they are ready. init holds each read end, and a line is
 * left in its pipe until it is journalled: a service that writes while the manager is replaced meets a reader, and is
 * heard.
 */

import { Poll } from "../contract.ts";
import type { Event } from "../engine/event.ts";
import type { Ticket } from "../engine/instance.ts";
import type { Watches } from "./watches.ts";

const heldPrefix = "ready:";
const newLine = 10;
const lineBytesMax = 4096;
const ENFILE = 23;
const EMFILE = 24;

interface Pipe {
  readEnd: number;
  /** -1 once the program runs: it has its own. */
  writeEnd: number;
}

export class ReadyPipes {
  private readonly pipes = new Map<Ticket, Pipe>();
  /** Pipes that have told what they had to; they go when that is journalled. */
  private readonly told = new Set<Ticket>();
  private readonly watches: Watches;
  private readonly emit: (event: Event) => void;

  constructor(watches: Watches, emit: (event: Event) => void) {
    this.watches = watches;
    this.emit = emit;
  }

  /** Takes over the pipes of starts that `isWaiting` knows; all others go. */
  adopt(held: { name: string; fd: number }[], isWaiting: (ticket: Ticket) => boolean): void {
    for (const { name, fd } of held) {
      if (!name.startsWith(heldPrefix)) continue;
      const ticket = Number(name.slice(heldPrefix.length));
      this.pipes.set(ticket, { readEnd: fd, writeEnd: -1 });
      if (isWaiting(ticket)) this.watch(ticket, fd);
      else this.remove(ticket);
    }
  }

  /** The write end for the program, or -errno. */
  open(ticket: Ticket): number {
    const pipe = host.pipe();
    if (typeof pipe === "number") return pipe;
    this.remove(ticket);
    const [readEnd, writeEnd] = pipe;
    this.pipes.set(ticket, { readEnd, writeEnd });
    host.hold(heldPrefix + ticket, readEnd);
    return writeEnd;
  }

  /** The program runs, and has the write end. */
  started(ticket: Ticket): void {
    const pipe = this.pipes.get(ticket);
    if (pipe === undefined) return;
    host.close(pipe.writeEnd);
    pipe.writeEnd = -1;
    this.watch(ticket, pipe.readEnd);
  }

  /** There was no program, or it has ended: a last look, which comes before the news of its end. */
  ended(ticket: Ticket): void {
    const pipe = this.pipes.get(ticket);
    if (pipe === undefined) return;
    if (pipe.writeEnd < 0) this.look(ticket, pipe.readEnd);
    this.told.add(ticket);
  }

  /** The events of this turn can no longer be lost: their pipes go. */
  journalled(): void {
    for (const ticket of this.told) this.remove(ticket);
    this.told.clear();
  }

  private watch(ticket: Ticket, readEnd: number): void {
    this.watches.add(readEnd, Poll.in, () => this.look(ticket, readEnd));
  }

  private look(ticket: Ticket, readEnd: number): void {
    if (this.told.has(ticket)) return;
    let data = host.peekPipe(readEnd);
    // A look takes descriptors for a moment. Without them the line is taken at once: better than never.
    if (data === -EMFILE || data === -ENFILE) data = host.receive(readEnd, lineBytesMax);
    if (typeof data === "number") return;
    if (data.length > 0 && !data.includes(newLine)) {
      // The beginning of a line tells nothing yet, and would wake us again and again.
      host.receive(readEnd, data.length);
      return;
    }
    this.told.add(ticket);
    this.emit(data.length > 0 ? { kind: "ready-line", ticket } : { kind: "ready-closed", ticket });
  }

  private remove(ticket: Ticket): void {
    const pipe = this.pipes.get(ticket);
    if (pipe === undefined) return;
    this.pipes.delete(ticket);
    this.watches.remove(pipe.readEnd);
    for (const fd of [pipe.readEnd, pipe.writeEnd]) host.close(fd);
    host.releaseHeld(heldPrefix + ticket);
  }
}
