/** How long a terminal waits before its next shell: not at all after a session, longer and longer when shells fail. */

/** A shell that ends sooner was no session. */
const sessionMs = 1000;
const delayMsFirst = 100;
const delayMsMax = 60_000;

export interface BackOff {
  /** Of the next failure. */
  delayMs: number;
}

export const noBackOff: BackOff = { delayMs: delayMsFirst };

/** `lastedMs` 0: it could not be started at all. A log-out with success is a session, however short. */
export function afterEnd(
  before: BackOff,
  end: { lastedMs: number; succeeded: boolean },
): { waitMs: number; backOff: BackOff } {
  if (end.lastedMs >= sessionMs) return { waitMs: 0, backOff: noBackOff };
  if (end.succeeded && before === noBackOff) return { waitMs: 0, backOff: { delayMs: delayMsFirst } };
  return { waitMs: before.delayMs, backOff: { delayMs: Math.min(before.delayMs * 2, delayMsMax) } };
}
