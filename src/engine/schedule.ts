/**
 * Tasks that run at times. A unit that is on its schedule has one timer, for its next time, whatever state it is in; what
 * became of the last run stays its state meanwhile (waiting before the first one, then done or failed). When the time
 * comes, a run is *due*: it begins when all that the unit needs is there, like any start.
 *
 * Cron follows the clock on the wall, which may be set; `every` and `at boot` follow one that is not. A next time is
 * counted from the last one, so that nothing comes twice when the clock is set back, and from now when times were missed,
 * so that nothing comes in a row when it is set forward or the machine slept.
 */

import { Clock } from "../contract.ts";
import { dayMs, localText, utc, type ZoneTable } from "./calendar.ts";
import { chanceOf } from "./chance.ts";
import { nextCron } from "./cron.ts";
import { armTimer, cancelTimer, type Engine, log, type Node, note, touch } from "./engine.ts";
import type { Now } from "./event.ts";
import { none } from "./lists.ts";
import { enterWaiting } from "./ordering.ts";
import type { Plan, SchedulePlan } from "./plan.ts";
import { clearFailures } from "./restart.ts";
import { cancelBackoff } from "./settle.ts";
import type { State, Unit, UnitSchedule } from "./state.ts";
import { wishStop } from "./stopping.ts";
import { isScheduled } from "./unit.ts";

/** A time that is found to be so long ago was missed: cron knows no less than a minute. */
const missedAfterMs = 60_000;

function newSchedule(): UnitSchedule {
  return { on: false, due: false, timer: 0, dueAtMs: 0, atMs: 0, lastMs: -1, skipped: 0 };
}

export function clockOf(plan: SchedulePlan): number {
  return plan.kind === "cron" ? Clock.wall : Clock.monotonic;
}

function nowOn(plan: SchedulePlan, now: Now): number {
  return plan.kind === "cron" ? now.wallMs : now.monotonicMs;
}

export function zoneOf({ zones }: Plan, name: string): ZoneTable {
  return zones?.[name] ?? utc;
}

/** After a plan was loaded: units have what their plans ask for. `before`: what each had before. */
export function fitSchedules(engine: Engine, before: ReadonlyMap<string, SchedulePlan | null>): void {
  for (const node of engine.nodes) {
    const { unit, plan } = node;
    const isSame = sameText(plan.schedule, before.get(unit.name) ?? null);
    if (plan.schedule === null) {
      takeOffSchedule(engine, node);
      unit.schedule = null;
    } else if (unit.schedule === null) beginSchedule(engine, node);
    else if (!isSame || plan.schedule.kind === "cron") {
      if (!isSame) unit.schedule.lastMs = -1;
      if (unit.schedule.on) armNext(engine, node, unit.schedule);
    }
  }
}

/** What was kept of earlier runs of gonit. */
export function restoreTimes({ nodes }: Engine, times: Record<string, number>): void {
  for (const node of nodes) {
    const wallMs = times[node.unit.name];
    if (wallMs !== undefined && isMadeUpFor(node)) (node.unit.schedule as UnitSchedule).lastMs = wallMs;
  }
}

/** What is up by another definition runs at its times from now on; a start that was on its way still comes. */
function beginSchedule(engine: Engine, node: Node): void {
  const { unit } = node;
  unit.schedule = newSchedule();
  if (unit.wanted === "down" || unit.removed) return;
  unit.schedule.due = unit.state === "backing-off";
  if (unit.state === "waiting") enterWaiting(engine, node, "scheduled", "");
  putOnSchedule(engine, node);
}

/** The texts tell schedules apart but for their zones, and jitter, which a timer that is armed keeps. */
function sameText(one: SchedulePlan | null, other: SchedulePlan | null): boolean {
  return one?.text === other?.text && zoneName(one) === zoneName(other);
}

function zoneName(plan: SchedulePlan | null): string {
  return plan?.kind === "cron" ? plan.timezone : "";
}

/** From now on it runs at its times. Nothing for a unit without a schedule. */
export function putOnSchedule(engine: Engine, node: Node): void {
  const { schedule } = node.unit;
  if (schedule === null || schedule.on) return;
  schedule.on = true;
  // What never ran is made up for, too: its first time is the one after now.
  if (schedule.lastMs < 0) keepTime(engine, node, engine.now.wallMs);
  armNext(engine, node, schedule);
  note(engine, node, "scheduled", nextText(engine.state, node, engine.now));
  touch(engine, node);
}

/** No time comes any more, and none is made up for. */
export function takeOffSchedule(engine: Engine, node: Node): void {
  const { schedule } = node.unit;
  if (schedule === null) return;
  // What passes while it is off its schedule is not missed.
  if (isMadeUpFor(node)) schedule.lastMs = -1;
  schedule.on = false;
  schedule.due = false;
  disarm(engine, schedule);
  touch(engine, node);
}

function disarm(engine: Engine, schedule: UnitSchedule): void {
  cancelTimer(engine, schedule.timer);
  schedule.timer = 0;
  schedule.dueAtMs = 0;
  schedule.atMs = 0;
}

/** Arms the timer for the next time, unless it is armed for just that. */
function armNext(engine: Engine, node: Node, schedule: UnitSchedule): void {
  const plan = node.plan.schedule as SchedulePlan;
  const dueAtMs = nextDue(engine, plan, schedule);
  if (schedule.dueAtMs === dueAtMs) return;
  disarm(engine, schedule);
  if (dueAtMs === null) return;
  schedule.dueAtMs = dueAtMs;
  schedule.atMs = dueAtMs + Math.floor(chanceOf(engine) * (plan.jitterMs + 1));
  schedule.timer = armTimer(engine, node, schedule.atMs, clockOf(plan));
}

/** Times that pass while gonit does not run, or could not look, are made up for. */
function isMadeUpFor({ plan: { schedule } }: Node): boolean {
  return schedule?.kind === "cron" && schedule.missed === "run";
}

/** All times up to this one were dealt with, also for a gonit that is started later. */
function keepTime(engine: Engine, node: Node, wallMs: number): void {
  if (!isMadeUpFor(node)) return;
  (node.unit.schedule as UnitSchedule).lastMs = wallMs;
  engine.effects.push({ kind: "keep-time", service: node.unit.name, wallMs });
}

/** The next time after the last one that was dealt with, on the schedule's clock; null: there is none. */
function nextDue(engine: Engine, plan: SchedulePlan, { lastMs }: UnitSchedule): number | null {
  const nowMs = nowOn(plan, engine.now);
  switch (plan.kind) {
    case "cron": {
      // A clock that was set back by more than a day showed a wrong time: it begins anew.
      const earliestMs = plan.missed === "run" ? 0 : nowMs;
      const fromMs = lastMs >= earliestMs && lastMs - nowMs <= dayMs ? lastMs : nowMs;
      return nextCron(plan, zoneOf(engine.state.plan as Plan, plan.timezone), fromMs);
    }
    case "every": {
      if (lastMs < 0) return nowMs + plan.everyMs;
      const passed = Math.max(0, Math.floor((nowMs - plan.jitterMs - lastMs) / plan.everyMs));
      return lastMs + (passed + 1) * plan.everyMs;
    }
    case "boot": {
      const dueAtMs = Math.max(0, engine.state.beganMs) + plan.delayMs;
      if (lastMs >= 0) return null;
      return dueAtMs + missedAfterMs >= nowMs || plan.missed === "run" ? dueAtMs : null;
    }
  }
}

/** Its time has come. */
export function scheduleFired(engine: Engine, node: Node): void {
  const schedule = node.unit.schedule as UnitSchedule;
  const plan = node.plan.schedule as SchedulePlan;
  const { dueAtMs, atMs } = schedule;
  engine.byTicket.delete(schedule.timer);
  schedule.timer = 0;
  schedule.dueAtMs = 0;
  const isMissed = plan.kind === "cron" && nowOn(plan, engine.now) - atMs > missedAfterMs;
  // All up to now are left out.
  schedule.lastMs = isMissed ? Math.max(dueAtMs, engine.now.wallMs) : dueAtMs;
  keepTime(engine, node, schedule.lastMs);
  armNext(engine, node, schedule);
  touch(engine, node);
  if (isMissed) passedBy(engine, node, plan, dueAtMs);
  else callRun(engine, node, plan, "schedule-due", plan.text);
}

function passedBy(engine: Engine, node: Node, plan: SchedulePlan, dueAtMs: number): void {
  const at = localText(zoneOf(engine.state.plan as Plan, zoneName(plan)), dueAtMs);
  const isRun = plan.missed === "run";
  log(engine, "warn", isRun ? "Making up for a missed run" : "Missed a run", { at, service: node.unit.name });
  if (isRun) callRun(engine, node, plan, "schedule-missed", `made up for ${at}`);
  else note(engine, node, "schedule-missed", at);
}

/** The wall clock was set, perhaps: times on it are looked for anew. One that has passed is dealt with by its timer. */
export function clockStepped(engine: Engine): void {
  for (const node of engine.nodes) {
    if (!isScheduled(node.unit) || (node.plan.schedule as SchedulePlan).kind !== "cron") continue;
    const schedule = node.unit.schedule as UnitSchedule;
    if (schedule.atMs > engine.now.wallMs) armNext(engine, node, schedule);
  }
}

/** A run is asked for, by the time or by hand: it begins, or the rule for overlaps says what becomes of it. */
export function callRun(
  engine: Engine,
  node: Node,
  plan: SchedulePlan,
  rule: "schedule-due" | "schedule-missed" | "run-task",
  effect: string,
): void {
  const { unit } = node;
  const schedule = unit.schedule as UnitSchedule;
  if (unit.run === null && !(unit.state === "waiting" && schedule.due)) {
    if (unit.state === "backing-off") cancelBackoff(engine, node);
    else {
      clearFailures(unit);
      unit.restartTimes = none;
    }
    schedule.due = true;
    enterWaiting(engine, node, rule, effect);
    return;
  }
  if (plan.overlap === "skip" || schedule.due) {
    schedule.skipped++;
    note(engine, node, "overlap-skip", `${schedule.skipped} so far`);
    return;
  }
  schedule.due = true;
  note(engine, node, plan.overlap === "queue" ? "overlap-queue" : "overlap-replace", effect);
  if (plan.overlap === "replace") wishStop(engine, node, "restart");
}

/** A run has ended and is not tried again: the one that was put off until then begins. */
export function runIfDue(engine: Engine, node: Node): void {
  if (node.unit.schedule?.due) enterWaiting(engine, node, "schedule-due", "was put off until the last run's end");
}

/** What gonit stopped in the middle of a run that is still wanted comes back with it. */
export function resumeRun({ schedule }: Unit): void {
  if (schedule !== null) schedule.due = true;
}

/** In words: when the next run is due. Empty: never. */
export function nextText(state: State, { unit, plan }: Node, now: Now): string {
  if (!isScheduled(unit)) return "";
  const schedule = plan.schedule as SchedulePlan;
  const atMs = nextWallMs(unit, schedule, now);
  const zone = schedule.kind === "cron" ? schedule.timezone : "UTC";
  return `${localText(zoneOf(state.plan as Plan, zone), atMs)} ${zone}`;
}

/** When the next run begins, on the wall's clock. */
export function nextWallMs({ schedule }: Unit, plan: SchedulePlan, now: Now): number {
  const { atMs } = schedule as UnitSchedule;
  return plan.kind === "cron" ? atMs : now.wallMs + atMs - now.monotonicMs;
}
