/** The keys `schedule`, `timezone`, `jitter`, `missed` and `overlap` of a service. */

import type { CronFields } from "../engine/cron.ts";
import { parseCron } from "./cron-expression.ts";
import { parseDuration } from "./duration.ts";
import { Refusal } from "./refusal.ts";
import { type NodeSchema, scalar } from "./schema-kit.ts";
import { choice, duration, matchingText } from "./values.ts";

export type ScheduleSource = { text: string } & (
  | ({ kind: "cron" } & CronFields)
  | { kind: "every"; everyMs: number }
  | { kind: "boot"; delayMs: number }
);

const everyMsMin = 1000;

export function parseSchedule(value: string): ScheduleSource | Refusal {
  const text = value.trim().replace(/\s+/g, " ");
  const every = /^every (.+)$/.exec(text);
  if (every !== null) return ofEvery(text, every[1] as string);
  const boot = /^at boot(?: ?\+ ?(.+))?$/.exec(text);
  if (boot !== null) return ofBoot(text, boot[1] ?? "0s");
  if (/^\d/.test(text) && !text.includes(" ") && !(parseDuration(text) instanceof Refusal))
    return new Refusal("it does not say how", `write every ${text}, or at boot+${text}`);
  const cron = parseCron(text);
  return cron instanceof Refusal ? cron : { kind: "cron", text, ...cron };
}

function ofEvery(text: string, length: string): ScheduleSource | Refusal {
  const everyMs = parseDuration(length);
  const fix = "write every and a duration, as in every 5m";
  if (everyMs instanceof Refusal) return new Refusal(`${length}: ${everyMs.why}`, fix);
  if (everyMs < everyMsMin) return new Refusal(`${length} is shorter than a second`, "write every 1s, or longer");
  return { kind: "every", text, everyMs };
}

function ofBoot(text: string, length: string): ScheduleSource | Refusal {
  const delayMs = parseDuration(length);
  if (delayMs instanceof Refusal) return new Refusal(`${length}: ${delayMs.why}`, "write it as in at boot+1m");
  return { kind: "boot", text, delayMs };
}

export const schedule: NodeSchema<ScheduleSource> = scalar(
  "a schedule",
  { type: "string", minLength: 1 },
  parseSchedule,
);

export const timezone = matchingText(
  "a time zone",
  /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+){0,2}$/,
  "it is no name of a zone",
  "write a name such as Europe/Berlin, or UTC",
);

export const jitter = duration("a duration");
export const missed = choice("what becomes of a missed run", ["skip", "run"]);
export const overlap = choice("what becomes of a run that would overlap", ["skip", "queue", "replace"]);
