/** A time zone's offsets, asked from the C library one instant at a time, as the table that a plan holds. */

import type { ZoneTable } from "../engine/calendar.ts";

/** The years that a table is about: before and after them the nearest offset stays. */
const firstSecond = 1_577_836_800; // 2020-01-01
const lastSecond = 4_102_444_800; // 2100-01-01

/** No two changes of any zone are closer than this: the shortest summer times are of some weeks. */
const stepSeconds = 7 * 86_400;

/** `offsetAt`: seconds east of UTC at a time in seconds since 1970. */
export function zoneTable(offsetAt: (seconds: number) => number): ZoneTable {
  const table = [offsetAt(firstSecond)];
  let offset = table[0] as number;
  for (let at = firstSecond; at < lastSecond; at += stepSeconds) {
    const next = offsetAt(at + stepSeconds);
    if (next === offset) continue;
    table.push(changeBetween(offsetAt, at, at + stepSeconds), next);
    offset = next;
  }
  return table;
}

/** The first second with the offset that holds at `later`. */
function changeBetween(offsetAt: (seconds: number) => number, earlier: number, later: number): number {
  const after = offsetAt(later);
  let [low, high] = [earlier, later];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === after) high = middle;
    else low = middle;
  }
  return high;
}
