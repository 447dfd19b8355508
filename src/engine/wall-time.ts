import type { Now } from "./event.ts";

/**
 * When something happened, by the wall clock as it goes now. The state keeps times of the clock that nobody can set: a
 * wall clock that was set since, as by a time server soon after the boot, would make a minute of them a year.
 */
export function wallMsOf(bootMs: number, now: Now): number {
  return now.wallMs - (now.bootMs - bootMs);
}
