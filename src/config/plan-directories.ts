/** The key `directories` in the plan. */

import type { CommandPlan, DirectoriesPlan } from "../engine/plan.ts";
import { removeDirectories } from "../engine/plan.ts";
import type { DirectoriesSource } from "./directories-keys.ts";

export function directoriesOf(source: DirectoriesSource | undefined): DirectoriesPlan | null {
  if (source === undefined) return null;
  const { run = [], state = [], cache = [], logs = [] } = source;
  return run.length + state.length + cache.length + logs.length === 0 ? null : { run, state, cache, logs };
}

/** The last command after each end: run directories go with the run, as systemd.exec(5) has it. */
export function removalOf(source: DirectoriesSource | undefined): CommandPlan[] {
  const names = (source?.run ?? []).map(({ name }) => name);
  return names.length === 0 ? [] : [{ argv: [removeDirectories, ...names], builtin: removeDirectories }];
}
