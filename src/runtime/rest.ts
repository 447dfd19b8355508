/**
 * What is done when nothing has happened for a while, so that it delays nobody and is done once.
 *
 * A long journal takes long to replay: it is replaced by a snapshot, so that a new manager need not step through the start
 * of a thousand services again. Memory that a start or a large change has freed goes back to the system.
 */

import { Clock } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";
import { readNow } from "./clock.ts";
import type { Timers } from "./timers.ts";

/** Shorter journals are replayed faster than a snapshot is read. */
const recordsMin = 50;
/** Less is not worth a wake-up: the next turns use it again. */
const looseBytesMin = 256 * 1024;
const restMs = 200;

export class Rest {
  private readonly timers: Timers;
  private readonly key: Ticket;
  private lastTurnMs = 0;
  private records = 0;
  private isArmed = false;
  /** Nothing was given back yet, and a start leaves much. */
  private isFresh = true;

  constructor(timers: Timers, key: Ticket) {
    this.timers = timers;
    this.key = key;
  }

  /** Called after each turn with the length of the journal; a turn that added nothing to it puts nothing off. */
  afterTurn(records: number, snapshot: () => void): void {
    const isSame = records === this.records;
    this.records = records;
    if (!isSame) this.lastTurnMs = readNow().monotonicMs;
    if (this.isArmed || !(this.hasLooseMemory() || (!isSame && records >= recordsMin))) return;
    this.lastTurnMs = readNow().monotonicMs;
    this.arm(snapshot);
  }

  private hasLooseMemory(): boolean {
    return this.isFresh || host.looseMemory() >= looseBytesMin;
  }

  private arm(snapshot: () => void): void {
    this.isArmed = true;
    this.timers.arm(this.key, Clock.monotonic, this.lastTurnMs + restMs, () => {
      this.isArmed = false;
      if (readNow().monotonicMs < this.lastTurnMs + restMs) this.arm(snapshot);
      else this.rest(snapshot);
    });
  }

  private rest(snapshot: () => void): void {
    if (this.records >= recordsMin) snapshot();
    if (!this.hasLooseMemory()) return;
    this.isFresh = false;
    host.releaseMemory();
  }
}
