/** Time zones as Node knows them, in the shape of a plan: for tests that have no C library. */

import { zoneTable } from "../../src/config/zone-table.ts";
import type { ZoneTable } from "../../src/engine/calendar.ts";

/** Offset from UTC in seconds. */
export function intlOffset(name: string, seconds: number): number {
  const format = formatOf(name);
  const parts = Object.fromEntries(
    format.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(name: string): Intl.DateTimeFormat {
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(name, format);
  }
  return format;
}

export function intlZone(name: string): ZoneTable {
  return zoneTable((seconds) => intlOffset(name, seconds));
}
