/** Times, as other managers write them, to gonit's. */

import { formatDuration } from "../config/duration.ts";
import { Raw } from "../config/write-yaml.ts";
import type { DataMap } from "./draft.ts";

const unitMs: { [unit: string]: number } = {};
for (const [names, ms] of [
  ["ms msec", 1],
  ["s sec second seconds", 1000],
  ["m min minute minutes", 60_000],
  ["h hr hour hours", 3_600_000],
  ["d day days", 86_400_000],
  ["w week weeks", 604_800_000],
  ["M month months", 2_629_800_000],
  ["y year years", 31_557_600_000],
] as const)
  for (const name of names.split(" ")) unitMs[name] = ms;

/** Longer than any time that people write. */
const textMax = 100;

/** Milliseconds of `90`, `1min 30s`, `1h30m`, `1.5s`; a bare number is seconds. null: no such time, or without end. */
export function readDuration(text: string): number | null {
  const written = text.trim();
  if (written.length > textMax) return null;
  if (/^\d+(\.\d+)?$/.test(written)) return Math.round(Number(written) * 1000);
  let total = 0;
  for (const [, amount, unit] of written.matchAll(/(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*/g))
    total += Number(amount) * (unitMs[unit as string] ?? Number.NaN);
  const isWhole = /^(?:\d+(?:\.\d+)?\s*[A-Za-z]+\s*)+$/.test(written);
  return isWhole && Number.isFinite(total) ? Math.round(total) : null;
}

export function duration(ms: number): Raw {
  return new Raw(formatDuration(ms));
}

export function number(value: number): Raw {
  return new Raw(String(value));
}

/** A limit of restarts within a time that holds them all, with the delays between them as gonit has them by default. */
export function restartLimit(count: number, runMs: number): DataMap[string] {
  let windowMs = (count + 1) * runMs;
  for (let at = 0; at <= count; at++) windowMs += Math.min(30_000, 500 * 2 ** at);
  return `${count} in ${Math.max(1, Math.ceil(windowMs / 60_000))}m`;
}
