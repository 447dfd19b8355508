/**
 * The calendar as arithmetic, and time zones as tables of offsets. A *day* is a number of days since 1970-01-01, a *local
 * time* is milliseconds since then as the clock on the wall shows them. (Days from dates: Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms".)
 */

/**
 * A zone's offsets from UTC in seconds: the first one, then for each change its time (seconds since 1970) and the offset
 * from then on. UTC is [0].
 */
export type ZoneTable = number[];

export const utc: ZoneTable = [0];

export const dayMs = 86_400_000;

/** Month 1 to 12, day of the month from 1; a month of 13 is January of the next year. */
export function dayOf(year: number, month: number, dayOfMonth: number): number {
  const months = year * 12 + month - 1 - 2;
  const shifted = Math.floor(months / 12);
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const monthFromMarch = ((months % 12) + 12) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export interface CalendarDate {
  year: number;
  month: number;
  dayOfMonth: number;
}

export function dateOf(day: number): CalendarDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth };
}

/** 0 is Sunday; 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** The zone's offset at a time, in milliseconds. */
export function offsetAt(zone: ZoneTable, wallMs: number): number {
  let at = 0;
  while (at + 2 < zone.length && (zone[at + 1] as number) * 1000 <= wallMs) at += 2;
  return (zone[at] as number) * 1000;
}

/** 2026-11-29 03:30:00, as the zone's clock shows it. */
export function localText(zone: ZoneTable, wallMs: number): string {
  const localMs = wallMs + offsetAt(zone, wallMs);
  const day = Math.floor(localMs / dayMs);
  const { year, month, dayOfMonth } = dateOf(day);
  const seconds = Math.floor((localMs - day * dayMs) / 1000);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${year}-${twoDigits(month)}-${twoDigits(dayOfMonth)} ${time.map(twoDigits).join(":")}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
