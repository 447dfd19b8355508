/**
 * When a cron expression matches next: crontab(5) with five fields, in a time zone.
 *
 * A zone is a row of stretches with one offset each. Within a stretch the search is one through a calendar; what needs a
 * rule is the seam between two. Where clocks go forward, a time that is skipped runs when they do. Where they go back, a
 * time that comes twice runs the first time. An expression that matches in every hour is meant by what the clock shows:
 * it skips with it, and runs again with it.
 */

import { dateOf, dayMs, dayOf, weekdayOf, type ZoneTable } from "./calendar.ts";

/** A bit for each value that matches: bit 0 of `minutes` is minute 0, bit 1 of `months` is January. */
export interface CronFields {
  /** 0 to 29, and 30 to 59: more bits than a number's operators have. */
  minutes: [number, number];
  hours: number;
  daysOfMonth: number;
  months: number;
  /** 0 is Sunday. */
  daysOfWeek: number;
  /** Both kinds of days are restricted (neither begins with a star): a day of either kind matches. */
  eitherDay: boolean;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const everyHour = 2 ** 24 - 1;
/** Beyond it there is no match: 29 February on a certain weekday is 40 years away at most. */
const searchMs = 50 * 366 * dayMs;

/** The first time after `afterMs` (both since 1970, in milliseconds) at which it matches; null: there is none. */
export function nextCron(cron: CronFields, zone: ZoneTable, afterMs: number): number | null {
  const hasEveryHour = cron.hours === everyHour;
  for (let at = 0; at < zone.length; at += 2) {
    const endMs = at + 1 < zone.length ? (zone[at + 1] as number) * 1000 : afterMs + searchMs;
    if (endMs <= afterMs) continue;
    const offsetMs = (zone[at] as number) * 1000;
    const beginMs = at === 0 ? Number.NEGATIVE_INFINITY : (zone[at - 1] as number) * 1000;
    const beforeMs = at === 0 ? offsetMs : (zone[at - 2] as number) * 1000;
    let fromMs = afterMs + 1;
    if (beginMs > afterMs) {
      fromMs = beginMs;
      const isSkipped = !hasEveryHour && nextLocal(cron, beginMs + beforeMs, beginMs + offsetMs) !== null;
      if (isSkipped) return beginMs;
    }
    // What the clock shows for the second time, after it went back.
    if (!hasEveryHour) fromMs = Math.max(fromMs, beginMs + Math.max(0, beforeMs - offsetMs));
    const found = nextLocal(cron, fromMs + offsetMs, endMs + offsetMs);
    if (found !== null) return found - offsetMs;
  }
  return null;
}

/** The first local time from `fromMs` on and before `untilMs` that matches. */
function nextLocal(cron: CronFields, fromMs: number, untilMs: number): number | null {
  const firstMs = Math.ceil(fromMs / minuteMs) * minuteMs;
  let day = Math.floor(firstMs / dayMs);
  let inDayMs = firstMs - day * dayMs;
  while (day * dayMs + inDayMs < untilMs) {
    const { year, month, dayOfMonth } = dateOf(day);
    if ((cron.months & (1 << month)) === 0) day = dayOf(year, month + 1, 1);
    else {
      const foundMs = isDay(cron, dayOfMonth, weekdayOf(day)) ? nextInDay(cron, inDayMs) : null;
      if (foundMs !== null) return day * dayMs + foundMs < untilMs ? day * dayMs + foundMs : null;
      day++;
    }
    inDayMs = 0;
  }
  return null;
}

function isDay({ daysOfMonth, daysOfWeek, eitherDay }: CronFields, dayOfMonth: number, weekday: number): boolean {
  const isDate = (daysOfMonth & (1 << dayOfMonth)) !== 0;
  const isWeekday = (daysOfWeek & (1 << weekday)) !== 0;
  return eitherDay ? isDate || isWeekday : isDate && isWeekday;
}

function nextInDay({ hours, minutes }: CronFields, fromMs: number): number | null {
  const firstHour = Math.floor(fromMs / hourMs);
  for (let hour = firstHour; hour < 24; hour++) {
    if ((hours & (1 << hour)) === 0) continue;
    const firstMinute = hour === firstHour ? Math.floor(fromMs / minuteMs) % 60 : 0;
    for (let minute = firstMinute; minute < 60; minute++) {
      const half = minutes[minute < 30 ? 0 : 1];
      if ((half & (1 << (minute % 30))) !== 0) return hour * hourMs + minute * minuteMs;
    }
  }
  return null;
}

const longestMonths = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether there is a day on which it can match: there is no 30 February. */
export function isPossible({ daysOfMonth, months, daysOfWeek, eitherDay }: CronFields): boolean {
  if (eitherDay && daysOfWeek !== 0) return true;
  return longestMonths.some(
    (days, month) => (months & (1 << month)) !== 0 && (daysOfMonth & (2 ** (days + 1) - 2)) !== 0,
  );
}
