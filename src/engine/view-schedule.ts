/** What status and why tell of a task's schedule. */

import { localText } from "./calendar.ts";
import type { Node } from "./engine.ts";
import type { Now } from "./event.ts";
import type { Plan, SchedulePlan } from "./plan.ts";
import { nextText, nextWallMs, zoneOf } from "./schedule.ts";
import type { State, UnitSchedule } from "./state.ts";
import { isScheduled } from "./unit.ts";
import type { ScheduleStatus } from "./view.ts";
import { wallMsOf } from "./wall-time.ts";
import { durationText, endText } from "./words.ts";

/** Null: the task has none. */
export function scheduleStatus(state: State, node: Node, now: Now): ScheduleStatus | null {
  const { unit, plan } = node;
  if (plan.schedule === null) return null;
  const { last } = unit;
  return {
    text: plan.schedule.text,
    timezone: timezoneOf(plan.schedule),
    nextWallMs: isScheduled(unit) ? nextWallMs(unit, plan.schedule, now) : null,
    next: nextText(state, node, now),
    last: last === null ? "" : `${endText(last)}, ${localTime(state, plan.schedule, wallMsOf(last.atBootMs, now))}`,
    skipped: (unit.schedule as UnitSchedule).skipped,
  };
}

function timezoneOf(plan: SchedulePlan): string {
  return plan.kind === "cron" ? plan.timezone : "UTC";
}

function localTime(state: State, plan: SchedulePlan, wallMs: number): string {
  const timezone = timezoneOf(plan);
  return `${localText(zoneOf(state.plan as Plan, timezone), wallMs)} ${timezone}`;
}

/** "its next time, 2026-11-29 03:30:00 Europe/Berlin (30 3 * * *), in 3h20m"; empty when none is to come. */
export function nextTimeText(state: State, node: Node, now: Now): string {
  const { unit, plan } = node;
  if (!isScheduled(unit)) return "";
  const schedule = plan.schedule as SchedulePlan;
  const left = leftText(Math.max(0, nextWallMs(unit, schedule, now) - now.wallMs));
  return `its next time, ${nextText(state, node, now)} (${schedule.text}), in ${left}`;
}

function leftText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours < 48 ? durationText(ms) : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** Why a task waits that has no next time. */
export function noTimeText({ unit, plan }: Node): string {
  const { on } = unit.schedule as UnitSchedule;
  const { text } = plan.schedule as SchedulePlan;
  return on ? `its time has passed: ${text}` : `it is not on its schedule: ${text}`;
}
