/** Moments as text and back: ISO 8601, UTC. */

import { dateOf, dayOf } from "../engine/calendar.ts";

/** 2026-11-25T08:00:01.234Z, computed from days since 1970: Date would bring a clock along. */
export function isoTime(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = isoSecond(second);
  }
  return `${lastText}.${pad(Math.floor(wallMs - second * 1000), 3)}Z`;
}

/** Most lines are written within the same second as the one before. */
let lastSecond = Number.NaN;
let lastText = "";

function isoSecond(second: number): string {
  const days = Math.floor(second / 86_400);
  const { year, month, dayOfMonth } = dateOf(days);
  const inDay = second - days * 86_400;
  const [hours, minutes, seconds] = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

const momentPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** Milliseconds since 1970 of 2026-11-25, 2026-11-25T08:00, 2026-11-25 08:00:01.2Z, …+02:00; without a zone it is UTC. Null: no moment. */
export function parseIsoTime(text: string): number | null {
  const match = momentPattern.exec(text);
  if (match === null) return null;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const days = dayOf(year, month, day);
  const back = dateOf(days);
  const isDate = back.year === year && back.month === month && back.dayOfMonth === day;
  if (!isDate || hours > 23 || minutes > 59 || seconds > 60) return null;
  const ms = Number((match[7] ?? "").padEnd(3, "0"));
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000 + ms - zoneMs(match[8] ?? "Z");
}

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const digits = zone.replace(/\D/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}
