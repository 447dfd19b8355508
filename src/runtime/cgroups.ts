/**
 * The control group (cgroups(7)) of each service: what it starts cannot leave it, so a stop finds everything. Used on a
 * machine, whose hierarchy is ours; elsewhere it is the host's, and trees are found by marks.
 */

import { type InstanceId, instanceKey } from "../engine/instance.ts";

/** A directory below the hierarchy's root, of a name that no file of the kernel has; empty where there is no root. */
export function cgroupOf(root: string, instance: InstanceId): string {
  return root === "" ? "" : `${root}/${instanceKey(instance)}.service`;
}
