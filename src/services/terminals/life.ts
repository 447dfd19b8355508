/**
 * The life of one terminal: a session, and after its end the next one, at once or later. Pure. A session that ends at once
 * again and again, and a terminal that cannot be used, are tried less and less often, but for ever: the device may come,
 * its cable may be plugged in.
 */

export type Life =
  | { phase: "waiting"; dueMs: number; delayMs: number }
  | { phase: "running"; sinceMs: number; delayMs: number };

/** A program that ends sooner was no session. */
const sessionMs = 1000;
const delayMsFirst = 100;
const delayMsMax = 60_000;
/** Whoever plugs a device in, or calls its driver, does not wait for a minute. */
const failureDelayMsMax = 10_000;

export const newLife: Life = { phase: "waiting", dueMs: 0, delayMs: 0 };

export function begun(life: Life, nowMs: number): Life {
  return { phase: "running", sinceMs: nowMs, delayMs: life.delayMs };
}

/** A log-out with success is a session, however short; but not one after the other. */
export function ended(life: Life, nowMs: number, succeeded: boolean): Life {
  const { delayMs } = life;
  const lastedMs = life.phase === "running" ? nowMs - life.sinceMs : 0;
  if (lastedMs >= sessionMs) return { phase: "waiting", dueMs: nowMs, delayMs: 0 };
  if (succeeded && delayMs === 0) return { phase: "waiting", dueMs: nowMs, delayMs: delayMsFirst };
  return waiting(nowMs, Math.max(delayMs, delayMsFirst), delayMsMax);
}

/** It could not even be begun. */
export function failed(life: Life, nowMs: number): Life {
  return waiting(nowMs, Math.max(life.delayMs, delayMsFirst), failureDelayMsMax);
}

/** Infinity: only the end of its session brings it on. */
export function dueMs(life: Life): number {
  return life.phase === "waiting" ? life.dueMs : Number.POSITIVE_INFINITY;
}

function waiting(nowMs: number, delayMs: number, delayMsMax: number): Life {
  const waitMs = Math.min(delayMs, delayMsMax);
  return { phase: "waiting", dueMs: nowMs + waitMs, delayMs: Math.min(waitMs * 2, delayMsMax) };
}
