/** Cron expressions as crontab(5) has them: five fields, or a word such as @daily. */

import { type CronFields, isPossible } from "../engine/cron.ts";
import { Refusal } from "./refusal.ts";
import { didYouMean } from "./suggest.ts";

const words: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

interface Field {
  name: string;
  min: number;
  max: number;
  /** From min on. */
  names: string[];
}

const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const dayNames = "sun mon tue wed thu fri sat".split(" ");

const fields: Field[] = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day of the month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: monthNames },
  // 7 is Sunday too.
  { name: "day of the week", min: 0, max: 7, names: dayNames },
];

const example = "write five fields, as in 30 3 * * 1-5: minute, hour, day of the month, month, day of the week";

export function parseCron(text: string): CronFields | Refusal {
  if (text.startsWith("@")) return ofWord(text);
  const word = `@${text.toLowerCase()}`;
  if (Object.hasOwn(words, word)) return new Refusal("it lacks its @", `write "${word}", in quotes`);
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) return wrongCount(parts.length);
  const sets: boolean[][] = [];
  for (const [at, field] of fields.entries()) {
    const set = parseField(parts[at] as string, field);
    if (set instanceof Refusal) return set;
    sets.push(set);
  }
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = sets as [
    boolean[],
    boolean[],
    boolean[],
    boolean[],
    boolean[],
  ];
  if (daysOfWeek[7]) daysOfWeek[0] = true;
  const cron: CronFields = {
    minutes: [bitsOf(minutes.slice(0, 30)), bitsOf(minutes.slice(30))],
    hours: bitsOf(hours),
    daysOfMonth: bitsOf(daysOfMonth),
    months: bitsOf(months),
    daysOfWeek: bitsOf(daysOfWeek.slice(0, 7)),
    eitherDay: !parts[2]?.startsWith("*") && !parts[4]?.startsWith("*"),
  };
  if (isPossible(cron)) return cron;
  const dates = `${parts[2]} of month ${parts[3]}`;
  return new Refusal(`it never comes: there is no day ${dates}`, "write a day that one of the months has, such as 28");
}

function ofWord(text: string): CronFields | Refusal {
  const word = text.toLowerCase();
  if (Object.hasOwn(words, word)) return parseCron(words[word] as string);
  if (word === "@reboot") return new Refusal("gonit has another word for it", "write at boot");
  const near = didYouMean(text, Object.keys(words));
  return new Refusal(`there is no ${text}`, near === "" ? `write one of ${Object.keys(words).join(" ")}` : near);
}

function wrongCount(count: number): Refusal {
  if (count === fields.length + 1)
    return new Refusal("it has six fields, and seconds are no part of it", `${example}; every 10s repeats in seconds`);
  return new Refusal(`it has ${count} ${count === 1 ? "field" : "fields"}`, example);
}

function bitsOf(set: boolean[]): number {
  let bits = 0;
  for (let at = 0; at < set.length; at++) if (set[at]) bits += 2 ** at;
  return bits;
}

/** A list of parts: `*`, a value, a range, each with a step behind a slash if it is a star or a range. */
function parseField(text: string, field: Field): boolean[] | Refusal {
  const set: boolean[] = Array.from({ length: field.max + 1 }, () => false);
  for (const part of text.split(",")) {
    const why = addPart(set, part, field);
    if (why !== "") return new Refusal(`${field.name} ${part}: ${why}`, fixOf(part, field));
  }
  return set;
}

function addPart(set: boolean[], part: string, field: Field): string {
  const [range = "", step, ...more] = part.split("/");
  if (more.length > 0) return "it has two steps";
  const [first = "", last, ...others] = range.split("-");
  if (others.length > 0) return "it is no range";
  const isStar = range === "*";
  const from = isStar ? field.min : numberOf(first, field);
  // Of the days of the week a star means each once; sun ends a week where it ends a range.
  const starMax = Math.min(field.max, field.names === dayNames ? 6 : field.max);
  const to = isStar ? starMax : last === undefined ? from : lastOf(from, last, field);
  if (from === null || to === null) return `${from === null ? first : last} is not from ${field.min} to ${field.max}`;
  if (from > to) return "it ends before it begins";
  const width = step === undefined ? 1 : /^\d{1,3}$/.test(step) ? Number(step) : 0;
  if (width === 0) return `the step ${step} is no number above 0`;
  if (step !== undefined && !isStar && last === undefined) return "a step needs a range or a star before it";
  for (let value = from; value <= to; value += width) set[value] = true;
  return "";
}

function numberOf(text: string, { min, max, names }: Field): number | null {
  const name = names.indexOf(text.toLowerCase());
  if (name >= 0) return min + name;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= min && value <= max ? value : null;
}

/** A week may end with Sunday: sat-sun. */
function lastOf(from: number | null, text: string, field: Field): number | null {
  const value = numberOf(text, field);
  return field.names === dayNames && value === 0 && from !== 0 ? 7 : value;
}

function fixOf(part: string, { min, max, names }: Field): string {
  if (part.includes("?")) return "write *";
  if (/[LW#]/.test(part)) return "L, W and # are no part of cron: write days that are always there";
  const bare = part.split("/")[0] as string;
  if (part.includes("/") && !part.includes("*") && !bare.includes("-") && /^\d+$/.test(bare))
    return `write ${bare}-${max}/${part.split("/")[1]}`;
  const named = names.length > 0 ? `, or ${names[0]} to ${names[names.length - 1]}` : "";
  return `write numbers from ${min} to ${max}${named}, ranges as in 1-5, steps as in */10, lists as in 1,15`;
}
