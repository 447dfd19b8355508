import { Clock } from "../contract.ts";
import type { Now } from "../engine/event.ts";

/** The three clocks as the engine knows them: whole milliseconds, rounded down, so that no timer fires early. */
export function readNow(): Now {
  const now = host.now();
  return {
    monotonicMs: Math.floor(now.monotonicMs),
    bootMs: Math.floor(now.bootMs),
    wallMs: Math.floor(now.wallMs),
  };
}

/** One of the clocks (Clock.*). */
export function readClock(clock: number): number {
  const now = readNow();
  return clock === Clock.monotonic ? now.monotonicMs : clock === Clock.boot ? now.bootMs : now.wallMs;
}
