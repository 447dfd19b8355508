/**
 * A program may block on its way to its start: a FIFO as its standard input, a file system that hangs. The spawner has
 * few threads; as long as spawns wait in its queue, those that are held up are replaced.
 */

import { Clock } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";
import { readNow } from "./clock.ts";
import type { Timers } from "./timers.ts";

/** A thread that is busy with one child from one look to the next is taken as held up; most take less than 1 ms. */
const lookMs = 20;

export class SpawnRelief {
  private readonly timers: Timers;
  private readonly key: Ticket;
  private isArmed = false;

  constructor(timers: Timers, key: Ticket) {
    this.timers = timers;
    this.key = key;
  }

  /** Called for each spawn that is handed in. */
  watch(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    this.timers.arm(this.key, Clock.monotonic, readNow().monotonicMs + lookMs, () => {
      this.isArmed = false;
      if (host.relieveSpawners()) this.watch();
    });
  }
}
