/**
 * Damaged records of children. The number in a slot is the only way to a process, for its signals and for its exit: where
 * the engine's state knows of a living process and its slot says something else, the slot is written again.
 */
import { type SlotRecord, SlotState, Stage } from "../contract.ts";
import { instanceKey, type Ticket } from "../engine/instance.ts";
import type { OpenProcess } from "./lookups.ts";
import type { Shell } from "./performer.ts";
import { hasEnded, readStat } from "./process-facts.ts";

/** All records as they are then. */
export function mendSlots(shell: Shell, open: OpenProcess[]): SlotRecord[] {
  const records = host.slots();
  const bySlot = new Map<number, SlotRecord>();
  for (const record of records) bySlot.set(record.slot, record);
  let isMended = false;
  for (const { ticket, pid, slot, instance } of open) {
    if (slot < 0 || pid <= 1 || isOf(bySlot.get(slot), ticket, pid)) continue;
    const isAnothers = records.some((record) => record.slot !== slot && record.pid === pid);
    if (isAnothers || !isChildOfInit(pid)) continue;
    const service = instanceKey(instance);
    host.mendSlot(slot, ticket, pid, service);
    shell.ownLog.write("warn", "The record of a process was damaged and is mended", { service, pid });
    isMended = true;
  }
  return isMended ? host.slots() : records;
}

function isOf(record: SlotRecord | undefined, ticket: Ticket, pid: number): boolean {
  if (record === undefined || record.state !== SlotState.running || record.stage !== Stage.none) return false;
  return record.ticket === ticket && record.pid === pid;
}

/** False as well where there is no /proc. */
function isChildOfInit(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && !hasEnded(stat) && stat.parent === host.roles().init.pid;
}
