/** Small facts about one unit. */

import type { Ticket } from "./instance.ts";
import type { ServicePlan, ServiceType } from "./plan.ts";
import type { Run, StopCause, Unit, UnitSchedule } from "./state.ts";

/** Failures in a row after which those who wait are told that it may take long. */
export const stuckFailures = 3;

/** A next time is to come. */
export function isScheduled({ schedule }: Unit): boolean {
  return schedule !== null && schedule.timer !== 0;
}

/** Waits for its time, and for nothing else before that. */
export function awaitsItsTime({ state, schedule }: Unit): boolean {
  return state === "waiting" && schedule !== null && !schedule.due;
}

/** Runs, waits for something that can come by itself, or is scheduled. */
export function isActive(unit: Unit, type: ServiceType): boolean {
  if (isScheduled(unit)) return true;
  if (awaitsItsTime(unit)) return false;
  switch (unit.state) {
    case "waiting":
      return unit.blockedBy === "";
    case "ready":
      return type !== "group";
    case "starting":
    case "reloading":
    case "stopping":
    case "backing-off":
      return true;
    case "stopped":
      return unit.listens;
    case "failed":
    case "done":
      return false;
  }
}

/** Has a run that is not given up: what must have ended before what it needs is stopped. */
export function isLive(unit: Unit): boolean {
  return unit.run !== null && unit.run.unkillable.length === 0;
}

/** Ready, or ready but for a reload. */
export function isUp(unit: Unit): boolean {
  return unit.state === "ready" || unit.state === "reloading";
}

/** Neither runs nor is on its way up. */
export function isDown(unit: Unit): boolean {
  return unit.state === "stopped" || unit.state === "failed" || unit.state === "done";
}

/** The run has begun to end. */
export function isEnding(run: Run): boolean {
  return run.ending !== "";
}

/** Fails, or finds no room, again and again: nobody can say when it will be there. With a limit, the limit ends it. */
export function isStuck(unit: Unit, plan: ServicePlan): boolean {
  if (unit.state !== "backing-off") return false;
  return unit.refused >= stuckFailures || (plan.restart.limit === null && unit.failures >= stuckFailures);
}

const stopCauses: Record<StopCause, true> = {
  request: true,
  restart: true,
  dependency: true,
  conflict: true,
  apply: true,
  removed: true,
  shutdown: true,
};

/** Whether gonit caused the end. */
export function isStopCause(cause: string): cause is StopCause {
  return Object.hasOwn(stopCauses, cause);
}

/** Of the main process: the program that was started, or the one that was named in its place. */
export function mainTicket(run: Run): Ticket {
  return run.daemon === 0 ? run.start : run.daemon;
}

/** Says more about its readiness than that its program runs. */
export function declaresReadiness({ ready, pidFile }: ServicePlan): boolean {
  return ready.kind !== "started" || pidFile !== "";
}

/** All tickets that answers may still come for. */
export function openTickets(unit: Unit): Ticket[] {
  const tickets: Ticket[] = [];
  if (unit.backoff !== 0) tickets.push(unit.backoff);
  if (isScheduled(unit)) tickets.push((unit.schedule as UnitSchedule).timer);
  const run = unit.run;
  if (run === null) return tickets;
  tickets.push(run.start);
  for (const { ticket } of run.aux) tickets.push(ticket);
  const { daemon, naming, tree, probe, health, watchdog, timer, runTimer } = run;
  if (run.reload !== null) tickets.push(run.reload.ticket);
  for (const ticket of [daemon, naming, tree, probe, health, watchdog, timer, runTimer])
    if (ticket !== 0) tickets.push(ticket);
  return tickets;
}
