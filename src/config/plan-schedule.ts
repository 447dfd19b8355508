/** When a task runs, in the plan, and the tables of the time zones that schedules name. */

import type { ZoneTable } from "../engine/calendar.ts";
import type { SchedulePlan, ServiceType } from "../engine/plan.ts";
import { type CollectedService, ownKey } from "./collect.ts";
import type { FileAccess } from "./files.ts";
import type { Problems } from "./problems.ts";
import { zoneTable } from "./zone-table.ts";

export interface ScheduleContext {
  problems: Problems;
  files: FileAccess;
  /** By name, filled here. */
  zones: Record<string, ZoneTable>;
}

/** Where the C library looks. */
const zoneFolders = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"];
const zoneBytesMax = 1024 * 1024;
const magic = "TZif";

export function scheduleOf(
  service: CollectedService,
  type: ServiceType,
  context: ScheduleContext,
): SchedulePlan | null {
  const { schedule, timezone, jitter = 0, missed = "skip", overlap = "skip" } = service.values;
  if (schedule === undefined) {
    for (const key of ["timezone", "jitter", "missed", "overlap"])
      refuseKey(
        service,
        context,
        key,
        "it says how a schedule is meant, and there is none",
        "add schedule, or leave it out",
      );
    return null;
  }
  if (type !== "task") {
    // One of defaults is meant for tasks.
    refuseKey(service, context, "schedule", `it belongs to a task, and this is a ${type}`, "make it type: task");
    return null;
  }
  if (typeof service.values.runs === "number" && service.values.runs > 1) {
    const why = `each time is one run, and runs: ${service.values.runs} are more`;
    refuseKey(service, context, "schedule", why, "keep one of the two");
  }
  const rest = { jitterMs: jitter, missed, overlap };
  if (schedule.kind !== "cron") {
    const why = `${schedule.text} follows no clock on the wall`;
    refuseKey(service, context, "timezone", why, "leave it out");
    if (schedule.kind === "every") refuseKey(service, context, "missed", why, "leave it out");
    return { ...schedule, ...rest };
  }
  const zone = timezone ?? "UTC";
  addZone(service, context, zone);
  return { ...schedule, timezone: zone, ...rest };
}

function refuseKey(
  service: CollectedService,
  { problems }: ScheduleContext,
  key: string,
  why: string,
  fix: string,
): void {
  const at = ownKey(service, key);
  if (at !== null) problems.at(at, "contradiction", `cannot use ${key} here: ${why}`, { fix });
}

function addZone(service: CollectedService, context: ScheduleContext, name: string): void {
  const { zones, files, problems } = context;
  if (name === "UTC" || Object.hasOwn(zones, name)) return;
  const path = zoneFolders.map((folder) => `${folder}/${name}`).find((file) => isZone(files, file));
  if (path !== undefined) {
    zones[name] = zoneTable((seconds) => files.zoneOffset(path, seconds));
    return;
  }
  const at = ownKey(service, "timezone") ?? ownKey(service, "schedule") ?? service.nodes[0];
  const why = `cannot use the time zone ${name}: ${zoneFolders[0]}/${name} is no zone file`;
  const fix = "write a name such as Europe/Berlin; without the files of tzdata only UTC is known";
  if (at !== undefined) problems.at(at, "timezone", why, { fix });
}

function isZone(files: FileAccess, path: string): boolean {
  const data = files.readFile(path, zoneBytesMax);
  return typeof data !== "number" && files.decodeUtf8(data.subarray(0, magic.length)) === magic;
}
