/** Durations: 500ms 10s 5m 1h30m 2d; a bare number is seconds. In the plan they are milliseconds. */

import { Refusal } from "./refusal.ts";

/** Longest first. */
const units = new Map([
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

/** A hundred years: far from the place where milliseconds stop being exact, and no real limit. */
const durationMsMax = 100 * 366 * 86_400_000;

const fix = "write a number with ms, s, m, h or d, such as 500ms, 10s or 1h30m";

export function parseDuration(text: string): number | Refusal {
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  const part = /(\d+(?:\.\d+)?)([a-z]*)/y;
  let total = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null) return new Refusal("it is no duration", fix);
    const amount = found[1] as string;
    const unit = found[2] as string;
    const unitMs = units.get(unit);
    if (unitMs === undefined)
      return new Refusal(unit === "" ? `${amount} has no unit` : `there is no unit ${unit}`, fix);
    total += Number(amount) * unitMs;
  }
  return text === "" ? new Refusal("it is empty", fix) : bounded(total);
}

function bounded(ms: number): number | Refusal {
  return ms > durationMsMax ? new Refusal("it is longer than a hundred years", fix) : Math.round(ms);
}

/** The shortest text that parseDuration() reads as the same number. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  const parts: string[] = [];
  let rest = ms;
  for (const [name, unitMs] of units) {
    const amount = Math.floor(rest / unitMs);
    if (amount > 0) parts.push(`${amount}${name}`);
    rest -= amount * unitMs;
  }
  return parts.join("");
}
