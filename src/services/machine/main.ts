/**
 * The built-in task `machine`: what a machine needs before its services. Modules, kernel settings, file systems, in this
 * order; the settings say which. What fails is told, and the rest goes on; it ends with 1 when a file system that is
 * required is missing.
 */

import type { MachinePlan, MountPlan } from "../../engine/plan.ts";
import { settingsOf, tell } from "../service-life.ts";
import { loadModules } from "./load-modules.ts";
import { keepMachineId } from "./machine-id.ts";
import { mountOne } from "./mount.ts";
import { parentsFirst } from "./mount-table.ts";
import { setKernel } from "./sysctl.ts";

const problems: string[] = [];

function report(texts: string[]): void {
  for (const text of texts) host.print(2, `${text}\n`);
  problems.push(...texts);
}

/** Whether every file system that is required is there. */
function mountAll(mounts: MountPlan[]): boolean {
  let isWhole = true;
  for (const mount of parentsFirst(mounts)) {
    const why = mountOne(mount);
    if (why === null) continue;
    const what = `cannot mount ${mount.source === "" ? mount.target : `${mount.source} on ${mount.target}`}`;
    report([`${what}: ${why}${mount.required ? "" : "; it is not required, so services start without it"}`]);
    if (mount.required) isWhole = false;
  }
  return isWhole;
}

function main(): number {
  const plan = settingsOf<MachinePlan>() ?? { modules: [], sysctl: {}, mounts: [] };
  report(loadModules(plan.modules));
  report(setKernel(plan.sysctl));
  const isWhole = mountAll(plan.mounts);
  keepMachineId();
  tell(`STATUS=${problems.join("; ")}\n${isWhole ? "READY=1\n" : ""}`);
  return isWhole ? 0 : 1;
}

host.exit(main());
