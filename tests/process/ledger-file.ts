/** The work file of an init (host/ledger.h), for tests that damage it. Numbers are bytes from its start. */
import assert from "node:assert/strict";
import { openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { join } from "node:path";

/** From and to. */
export type Region = [from: number, to: number];

const partBytes = 16;
const pidsAt = 64;
const childSlots = 4096;
/** struct child_slot: 40 bytes and a name of LIMIT_NAME_BYTES. */
const slotBytes = 40 + 128;

/** Open for writing. */
export function openWork(init: number): number {
  const folder = `/proc/${init}/fd`;
  const fd = readdirSync(folder).find((name) => readlinkSync(join(folder, name)).includes("gonit-work"));
  assert.ok(fd, "init holds no work file");
  return openSync(join(folder, fd), "r+");
}

function offsetsOf(work: number): { logs: number; journal: number; snapshot: number; length: number } {
  const head = Buffer.alloc(pidsAt);
  readSync(work, head, 0, head.length, 0);
  const at = (offset: number) => Number(head.readBigUInt64LE(offset));
  return { logs: at(24), journal: at(32), snapshot: at(40), length: at(48) };
}

export function headOfJournal(work: number): Region {
  const { journal } = offsetsOf(work);
  return [journal, journal + 72];
}

/** What the ladder of recovery sets aside when it is wrong. */
export function recoveredRegions(work: number): Record<string, Region> {
  const { logs, journal, snapshot, length } = offsetsOf(work);
  const area = (length - snapshot) / 2;
  return {
    "head of the file": [0, pidsAt],
    "head of the journal": headOfJournal(work),
    "first records": [journal + 72, journal + 72 + 4096],
    "rest of the journal": [journal + 72, snapshot],
    "head of a snapshot": [snapshot, snapshot + partBytes + 24],
    "head of the other snapshot": [snapshot + area, snapshot + area + partBytes + 24],
    "text of a snapshot": [snapshot + 40, snapshot + 40 + 8192],
    "text of the other snapshot": [snapshot + area + 40, snapshot + area + 40 + 8192],
    "log table": [logs, logs + 4096],
    "anything behind the slots": [logs, length],
  };
}

/** The records of children themselves: the first `count` of them. */
export function slotRegions(count: number): Record<string, Region> {
  const slotsAt = pidsAt + childSlots * 4;
  return {
    "numbers of processes": [pidsAt, pidsAt + count * 4],
    "child slots": [slotsAt, slotsAt + count * slotBytes],
  };
}
