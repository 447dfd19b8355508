/** Units of the type timer: a schedule for the service that they start. */

import { formatDuration } from "../config/duration.ts";
import { type At, type Draft, LeftOut, type ServiceDraft } from "./draft.ts";
import { duration, readDuration } from "./durations.ts";
import { applyRules, nothing, type Rules } from "./rules.ts";
import { isYes } from "./systemd-context.ts";
import type { Unit } from "./systemd-units.ts";

interface TimerContext {
  service: ServiceDraft;
  draft: Draft;
  schedules: { text: string; at: At }[];
}

type TimerRule = (value: string, at: At, context: TimerContext) => void;

const boot: TimerRule = (value, at, { schedules, draft }) => {
  const ms = readDuration(value);
  if (ms === null) draft.note(at, `${value} is no time`);
  else schedules.push({ text: `at boot+${formatDuration(ms)}`, at });
};

const every: TimerRule = (value, at, { schedules, draft }) => {
  const ms = readDuration(value);
  if (ms === null || ms === 0) draft.note(at, `${value} is no time`);
  else schedules.push({ text: `every ${formatDuration(ms)}`, at });
};

export const timerRules: Rules<TimerContext, string> = {
  AccuracySec: nothing,
  DeferReactivation: nothing,
  FixedRandomDelay: nothing,
  OnActiveSec: boot,
  OnBootSec: boot,
  OnCalendar: (value, at, { schedules, draft, service }) => {
    const cron = calendarToCron(value);
    if (cron === null)
      draft.note(at, `${value} is no time that cron has`, "write schedule: with five fields as crontab(5) has them");
    else {
      schedules.push({ text: cron.fields, at });
      if (cron.timezone !== "") service.set("timezone", cron.timezone, at);
    }
  },
  OnClockChange: new LeftOut("a change of the clock starts nothing"),
  OnStartupSec: boot,
  OnTimezoneChange: new LeftOut("a change of the time zone starts nothing"),
  OnUnitActiveSec: every,
  OnUnitInactiveSec: every,
  Persistent: (value, at, { service }) => {
    if (isYes(value)) service.set("missed", "run", at);
  },
  RandomizedDelaySec: (value, at, { service }) => {
    const ms = readDuration(value);
    if (ms !== null && ms > 0) service.set("jitter", duration(ms), at);
  },
  RandomizedOffsetSec: new LeftOut("there is one share of chance", "jitter: TIME"),
  RemainAfterElapse: nothing,
  Unit: nothing,
  WakeSystem: new LeftOut("a machine that sleeps is not woken"),
};

/** The service becomes a task that runs at these times. */
export function importTimer(unit: Unit, service: ServiceDraft, draft: Draft): void {
  const context: TimerContext = { service, draft, schedules: [] };
  const entries = unit.entries.filter(({ section }) => section === "Timer");
  applyRules(
    entries.filter(({ value }) => value !== ""),
    timerRules,
    context,
    draft,
  );
  const chosen =
    context.schedules.find(({ text }) => text.startsWith("every")) ??
    context.schedules.find(({ text }) => !text.startsWith("at boot")) ??
    context.schedules[0];
  for (const one of context.schedules) {
    if (one !== chosen)
      draft.note(one.at, `one time is carried over: ${chosen?.text}`, "a second task can have the other");
  }
  if (chosen === undefined) return;
  service.set("type", "task", chosen.at);
  service.set("schedule", chosen.text, chosen.at);
  finishTimes(service, chosen, draft);
}

/** What only times of a clock on the wall have. */
function finishTimes(service: ServiceDraft, { text, at }: { text: string; at: At }, draft: Draft): void {
  const isCron = !/^(?:every|at boot)/.test(text);
  if (isCron && service.values.timezone === undefined)
    service.remarks.set("schedule", "UTC; systemd goes by the machine's own zone. timezone: NAME says another.");
  if (isCron) return;
  service.remove("timezone");
  if (service.values.missed !== undefined) draft.note({ ...at, key: "Persistent" }, "it says nothing for such times");
  service.remove("missed");
}

const shorthands: { [word: string]: string } = {
  minutely: "* * * * *",
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  monthly: "0 0 1 * *",
  weekly: "0 0 * * 1",
  yearly: "0 0 1 1 *",
  annually: "0 0 1 1 *",
  quarterly: "0 0 1 1,4,7,10 *",
  semiannually: "0 0 1 1,7 *",
};

const calendar =
  /^(?:((?:mon|tue|wed|thu|fri|sat|sun)[a-z,.-]*)\s+)?(?:(?:\*|\d{4})-([\d*,./]+)-([\d*,./]+)\s*)?(?:([\d*,./]+):([\d*,./]+)(?::(\d+))?)?(?:\s+([A-Z][\w/+-]*))?$/i;

/** systemd.time(7), CALENDAR EVENTS, as crontab(5): null when cron has no such time. */
export function calendarToCron(text: string): { fields: string; timezone: string } | null {
  const zoned = /^(\w+)(?:\s+([A-Z][\w/+-]*))?$/.exec(text.trim());
  const word = Object.hasOwn(shorthands, zoned?.[1]?.toLowerCase() ?? "")
    ? shorthands[zoned?.[1]?.toLowerCase() ?? ""]
    : undefined;
  if (word !== undefined) return { fields: word, timezone: zoned?.[2] ?? "" };
  const found = calendar.exec(text.trim());
  if (found === null || found[0] === "") return null;
  const [, days, month = "*", day = "*", hour = "0", minute = "0", second = "0", timezone = ""] = found;
  if (Number(second) !== 0 || /^\d{4}-/.test(text.replace(/^[a-z,.-]+\s+/i, ""))) return null;
  const weekdays = days === undefined ? "*" : weekdaysOf(days.toLowerCase());
  const fields = [minute, hour, day, month].map(cronField);
  if (weekdays === null || fields.includes(null) || (weekdays !== "*" && day !== "*")) return null;
  return { fields: [...fields, weekdays].join(" "), timezone };
}

/** `0/15` begins at 0 and goes on; `1..5` is a range. null: not of this form. */
function cronField(text: string | null): string | null {
  const parts = (text ?? "").split(",").map((part) => {
    const step = /^(\*|\d+)\/(\d+)$/.exec(part);
    if (step !== null) return Number(step[1]) === 0 || step[1] === "*" ? `*/${Number(step[2])}` : null;
    const range = /^(\d+)(?:\.\.(\d+))?$/.exec(part);
    if (range !== null)
      return range[2] === undefined ? String(Number(range[1])) : `${Number(range[1])}-${Number(range[2])}`;
    return part === "*" ? part : null;
  });
  return parts.includes(null) ? null : parts.join(",");
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function weekdaysOf(text: string): string | null {
  const parts = text.split(",").map((part) => {
    const numbers = part.split(/\.\.|-/).map((name) => dayNames.indexOf(name.slice(0, 3)));
    return numbers.includes(-1) || numbers.length > 2 ? null : numbers.join("-");
  });
  return parts.includes(null) ? null : parts.join(",").replace("1-0", "1-7");
}
