/**
 * The built-in task `machine`: what a machine needs before its services. Modules, kernel settings, file systems, in this
 * order; the settings say which. What fails is told, and the rest goes on; it ends with 1 when a file system that is
 * required is missing.
 */

import type { MachinePlan } from "../../engine/plan.ts";
import { settingsOf } from "../service-life.ts";
import { loadModules } from "./load-modules.ts";
import { keepMachineId } from "./machine-id.ts";
import { mountOne } from "./mount.ts";
import { parentsFirst } from "./mount-table.ts";
import { setKernel } from "./sysctl.ts";

function tell(problems: string[]): void {
  for (const problem of problems) host.print(2, `${problem}\n`);
}

/** Whether every file system that is required is there. */
function mountAll(plan: MachinePlan): boolean {
  let isWhole = true;
  for (const mount of parentsFirst(plan.mounts)) {
    const why = mountOne(mount);
    if (why === null) continue;
    const what = `cannot mount ${mount.source === "" ? mount.target : `${mount.source} on ${mount.target}`}`;
    tell([`${what}: ${why}${mount.required ? "" : "; it is not required, so services start without it"}`]);
    if (mount.required) isWhole = false;
  }
  return isWhole;
}

function main(): number {
  const plan = settingsOf<MachinePlan>() ?? { modules: [], sysctl: {}, mounts: [] };
  tell(loadModules(plan.modules));
  tell(setKernel(plan.sysctl));
  const isWhole = mountAll(plan);
  keepMachineId();
  return isWhole ? 0 : 1;
}

host.exit(main());
