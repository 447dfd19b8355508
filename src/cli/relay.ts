/**
 * Passes bytes between descriptors while a client waits for an answer: what is typed to a program, what it prints to the
 * user. Each direction holds one piece at most; a descriptor that takes nothing holds up what goes to it, and nothing else.
 */

import { Poll } from "../contract.ts";

const pieceBytes = 16_384;
/** A pipe or terminal that is ready takes so much without waiting (PIPE_BUF), also where it is a blocking one. */
const writeBytes = 4096;
const EAGAIN = 11;
const EPERM = 1;

export interface Direction {
  from: number;
  to: number;
  /** What becomes of a piece on its way; left out: it is passed on as it is. */
  change?: (piece: Uint8Array) => Uint8Array;
  /** Nothing more comes, and all of it has been passed on. */
  ended?: () => void;
  /** Nobody takes it any more. */
  refused?: () => void;
}

interface Flow extends Direction {
  /** What was taken and not given yet. */
  piece: Uint8Array | null;
}

export class Relay {
  private readonly flows = new Set<Flow>();
  private readonly others = new Map<number, () => void>();
  /** Event bits by descriptor; 0: a file, which is always ready and cannot be watched. */
  private readonly watched = new Map<number, number>();

  add(direction: Direction): void {
    this.flows.add({ ...direction, piece: null });
  }

  /** Something else to be done when a descriptor is readable. */
  onReadable(fd: number, act: () => void): void {
    this.others.set(fd, act);
  }

  /** Forgets all that concerns a descriptor, before it is closed. */
  remove(fd: number): void {
    for (const flow of this.flows) if (flow.from === fd || flow.to === fd) this.flows.delete(flow);
    this.others.delete(fd);
    if (this.watched.get(fd)) host.unwatch(fd);
    this.watched.delete(fd);
  }

  /** What goes to one descriptor goes to another one from now on, also what is on its way. */
  redirect(from: number, to: number): void {
    for (const flow of this.flows) if (flow.to === from) flow.to = to;
  }

  /** Passes bytes on until this descriptor is ready. For Connection.wait. */
  until(fd: number, events: number): void {
    while (!this.turn(-1, fd, events));
    this.setWatch(fd, 0);
  }

  /** Passes on what comes in this time. */
  pause(ms: number): void {
    this.turn(ms, -1, 0);
  }

  /** What is there now, for as long as something comes within `quietMs`; what has come is delivered. */
  drain(quietMs: number): void {
    const holds = () => [...this.flows].some(({ piece }) => piece !== null);
    while (this.flows.size > 0 && (this.turn(holds() ? -1 : quietMs, -1, 0) || holds()));
  }

  /** One round. Whether the awaited descriptor was ready; without one (-1), whether anything was. */
  private turn(timeoutMs: number, awaited: number, events: number): boolean {
    const wanted = this.wantedEvents();
    if (awaited >= 0) wanted.set(awaited, events);
    for (const fd of [...this.watched.keys()]) if (!wanted.has(fd)) this.setWatch(fd, 0);
    let hasFile = false;
    for (const [fd, bits] of wanted) if (!this.setWatch(fd, bits)) hasFile = true;
    const ready = host.poll(hasFile ? 0 : timeoutMs);
    const seen = new Map<number, number>();
    for (let at = 0; at + 1 < ready.length; at += 2) seen.set(ready[at] as number, ready[at + 1] as number);
    for (const [fd, bits] of wanted) if (this.watched.get(fd) === 0) seen.set(fd, bits);
    for (const flow of [...this.flows]) this.pass(flow, seen);
    for (const [fd, act] of [...this.others]) if (seen.has(fd)) act();
    return awaited >= 0 ? seen.has(awaited) : seen.size > 0;
  }

  private wantedEvents(): Map<number, number> {
    const wanted = new Map<number, number>();
    const add = (fd: number, bits: number) => wanted.set(fd, (wanted.get(fd) ?? 0) | bits);
    for (const { from, to, piece } of this.flows) {
      if (piece === null) add(from, Poll.in);
      else add(to, Poll.out);
    }
    for (const fd of this.others.keys()) add(fd, Poll.in);
    return wanted;
  }

  /** false: it cannot be watched, and is always ready. */
  private setWatch(fd: number, bits: number): boolean {
    const known = this.watched.get(fd);
    if (known === 0 && bits !== 0) return false;
    if (bits === 0) {
      if (known) host.unwatch(fd);
      this.watched.delete(fd);
      return true;
    }
    if (known === bits) return true;
    const isFile = host.watch(fd, bits) === -EPERM;
    this.watched.set(fd, isFile ? 0 : bits);
    return !isFile;
  }

  private pass(flow: Flow, seen: Map<number, number>): void {
    if (flow.piece === null && seen.has(flow.from)) this.take(flow);
    else if (flow.piece !== null && seen.has(flow.to)) this.give(flow);
  }

  private take(flow: Flow): void {
    const piece = host.receive(flow.from, pieceBytes);
    if (piece === -EAGAIN) return;
    // EIO: a terminal that nobody has open any more.
    if (typeof piece === "number" || piece.length === 0) {
      this.end(flow, flow.ended);
      return;
    }
    const changed = flow.change === undefined ? piece : flow.change(piece);
    if (changed.length > 0 && this.flows.has(flow)) flow.piece = changed;
  }

  private give(flow: Flow): void {
    const piece = flow.piece as Uint8Array;
    const written = host.write(flow.to, piece.subarray(0, writeBytes));
    if (written === -EAGAIN) return;
    if (written < 0) this.end(flow, flow.refused);
    else flow.piece = written < piece.length ? piece.subarray(written) : null;
  }

  private end(flow: Flow, tell: (() => void) | undefined): void {
    this.flows.delete(flow);
    tell?.();
  }
}
