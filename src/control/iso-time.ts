/** Moments as text and back: ISO 8601, UTC. */

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
  const [year, month, day] = civilFromDays(days);
  const inDay = second - days * 86_400;
  const [hours, minutes, seconds] = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** Days since 1970-01-01 to year, month, day of the Gregorian calendar: eras of 400 years that begin on 1 March. */
function civilFromDays(days: number): [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
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
  const days = daysFromCivil(year, month, day);
  const [backYear, backMonth, backDay] = civilFromDays(days);
  const isDate = backYear === year && backMonth === month && backDay === day;
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

/** The reverse of civilFromDays(). */
function daysFromCivil(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
