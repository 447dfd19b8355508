/**
 * Damaged records of children. The number in a slot is the only way to a process, for its signals and for its exit: where
 * the engine's state knows of a living process and its slot says something else, the slot is written again.
 */
import { type SlotRecord, SlotState, Stage } from "../contract.ts";
import { instanceKey, type Ticket } from "../engine/instance.ts";
import type { OpenProcess } from "./lookups.ts";
import type { Shell } from "./performer.ts";
import { hasEnded, readStat } from "./process-facts.ts";

export function mendSlots(shell: Shell, open: OpenProcess[]): void {
  const records = host.slots();
  for (const { ticket, pid, slot, instance } of open) {
    if (slot < 0 || pid <= 1 || records.some((record) => isOf(record, { ticket, pid, slot }))) continue;
    const isAnothers = records.some((record) => record.slot !== slot && record.pid === pid);
    if (isAnothers || !isChildOfInit(pid)) continue;
    const service = instanceKey(instance);
    host.mendSlot(slot, ticket, pid, service);
    shell.ownLog.write("warn", "The record of a process was damaged and is mended", { service, pid });
  }
}

function isOf(record: SlotRecord, process: { ticket: Ticket; pid: number; slot: number }): boolean {
  if (record.state !== SlotState.running || record.stage !== Stage.none) return false;
  return record.slot === process.slot && record.ticket === process.ticket && record.pid === process.pid;
}

/** False as well where there is no /proc. */
function isChildOfInit(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && !hasEnded(stat) && stat.parent === host.roles().init.pid;
}
