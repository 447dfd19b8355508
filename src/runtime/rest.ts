/**
 * A long journal takes long to replay. When nothing has happened for a while it is replaced by a snapshot, so that a new
 * manager need not step through the start of a thousand services again.
 */

import { Clock } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";
import { readNow } from "./clock.ts";
import type { Timers } from "./timers.ts";

/** Shorter journals are replayed faster than a snapshot is read. */
const recordsMin = 50;
const restMs = 200;

export class Rest {
  private readonly timers: Timers;
  private readonly key: Ticket;
  private lastTurnMs = 0;
  private records = 0;
  private isArmed = false;

  constructor(timers: Timers, key: Ticket) {
    this.timers = timers;
    this.key = key;
  }

  /** Called after each turn with the length of the journal; a turn that added nothing to it does not count. */
  afterTurn(records: number, snapshot: () => void): void {
    const isSame = records === this.records;
    this.records = records;
    if (isSame || records < recordsMin) return;
    this.lastTurnMs = readNow().monotonicMs;
    if (!this.isArmed) this.arm(snapshot);
  }

  private arm(snapshot: () => void): void {
    this.isArmed = true;
    this.timers.arm(this.key, Clock.monotonic, this.lastTurnMs + restMs, () => {
      this.isArmed = false;
      if (readNow().monotonicMs < this.lastTurnMs + restMs) this.arm(snapshot);
      else snapshot();
    });
  }
}
