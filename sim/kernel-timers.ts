/** Timers of the simulated manager, on the virtual clock and on the wall's, which can be set. */

import { Clock } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";
import type { Ticket } from "../src/engine/instance.ts";
import type { Kernel } from "./kernel.ts";

export class Timers {
  private readonly kernel: Kernel;
  private readonly armed = new Map<Ticket, { atMs: number; isWall: boolean }>();
  /** The wall clock's time less the virtual one. */
  private wallOffsetMs = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  arm({ ticket, atMs, clock }: Extract<Effect, { kind: "arm-timer" }>): void {
    this.armed.set(ticket, { atMs, isWall: clock === Clock.wall });
    this.run(ticket);
  }

  cancel(ticket: Ticket): void {
    this.armed.delete(ticket);
  }

  clear(): void {
    this.armed.clear();
  }

  /** The wall clock was set: timers on it come at another time, those that it went past at once. */
  setWallOffset(offsetMs: number): void {
    this.wallOffsetMs = offsetMs;
    for (const [ticket, { isWall }] of this.armed) if (isWall) this.run(ticket);
  }

  private run(ticket: Ticket): void {
    const { wallOffsetMs } = this;
    const timer = this.armed.get(ticket);
    if (timer === undefined) return;
    this.kernel.later(timer.isWall ? timer.atMs - wallOffsetMs : timer.atMs, () => {
      if (this.armed.get(ticket) !== timer || (timer.isWall && this.wallOffsetMs !== wallOffsetMs)) return;
      this.armed.delete(ticket);
      this.kernel.tellManager({ kind: "timer-fired", ticket });
    });
  }
}
