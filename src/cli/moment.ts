/** Moments on the command line: how long ago, a time of today, or a date; as `--since` and `--at` take them. */

import { ExitCode } from "../contract.ts";
import { parseIsoTime } from "../control/iso-time.ts";
import { ClientEnd } from "./client-end.ts";
import type { Context } from "./command.ts";
import { parseDurationMs } from "./options.ts";
import { printError } from "./output.ts";

const dayMs = 86_400_000;

/** Milliseconds since 1970 of `5m`, `-5m`, `08:30`, `2026-11-25`, `2026-11-25T08:30:01Z`. Null: no moment. All times are UTC. */
export function parseMoment(text: string, wallMs: number): number | null {
  const ago = parseDurationMs(text.replace(/^-/, ""));
  if (ago !== null) return wallMs - ago;
  if (!/^\d\d:\d\d/.test(text)) return parseIsoTime(text);
  const inDay = parseIsoTime(`1970-01-01T${text}`);
  return inDay === null ? null : Math.floor(wallMs / dayMs) * dayMs + inDay;
}

export interface Moment {
  /** Since 1970. */
  wallMs: number;
  /** Since the kernel began, by the present clock: what happened is looked for by that, since a clock may be set. */
  bootMs: number;
  /** How long ago; negative: still to come. */
  agoMs: number;
}

/** The moment of an option; null: the option is not there. Ends the client where it is no moment. */
export function momentOption(context: Context, name: string): Moment | null {
  const text = context.options.text(name);
  if (text === null) return null;
  const now = host.now();
  const wallMs = parseMoment(text, now.wallMs);
  if (wallMs !== null) return { wallMs, bootMs: now.bootMs - (now.wallMs - wallMs), agoMs: now.wallMs - wallMs };
  printError(`cannot use ${name} ${text}: a moment is 5m (ago), 08:30 or 2026-11-25T08:30:00, in UTC`);
  throw new ClientEnd(ExitCode.usage);
}
