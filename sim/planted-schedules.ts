/** What a broken engine would do to tasks that run at times. */

import type { Unit, UnitSchedule } from "../src/engine/state.ts";
import { awaitsItsTime, isScheduled } from "../src/engine/unit.ts";
import { onUnit, type Planted } from "./plant.ts";

const scheduleOf = (unit: Unit) => unit.schedule as UnitSchedule;

export const scheduleFaults: Planted[] = [
  {
    name: "a schedule is forgotten",
    finds: /its schedule is not the plan's/,
    plant: onUnit(isScheduled, (unit) => {
      unit.schedule = null;
    }),
  },
  {
    name: "a task that nobody wants stays on its schedule",
    finds: /is on its schedule though not wanted/,
    plant: onUnit(
      (unit) => unit.schedule !== null && unit.wanted === "down",
      (unit) => {
        scheduleOf(unit).on = true;
      },
    ),
  },
  {
    name: "a schedule goes on in a shutdown",
    finds: /is on its schedule in a shutdown/,
    plant: (world, effects) => {
      if (world.state.shutdown === null) return;
      onUnit(
        (unit) => unit.schedule !== null,
        (unit) => {
          scheduleOf(unit).on = true;
        },
      )(world, effects);
    },
  },
  {
    name: "a time is armed for a task that is not on its schedule",
    finds: /has a next time though it is not on its schedule/,
    plant: onUnit(isScheduled, (unit) => {
      scheduleOf(unit).on = false;
    }),
  },
  {
    name: "the next time of an interval is not armed",
    finds: /is on its schedule without a next time/,
    plant: onUnit(
      (unit, node) => isScheduled(unit) && node.plan.schedule?.kind === "every",
      (unit) => {
        scheduleOf(unit).timer = 0;
      },
    ),
  },
  {
    name: "a run that is due does not come",
    finds: /is done, and its run is due/,
    plant: onUnit(
      (unit) => isScheduled(unit) && unit.state === "done",
      (unit) => {
        scheduleOf(unit).due = true;
      },
    ),
  },
  {
    name: "what waits for its time is marked as blocked",
    finds: /is blocked before its time/,
    plant: onUnit(awaitsItsTime, (unit) => {
      unit.blockedBy = "other";
    }),
  },
];
