/** What /proc tells of one process (proc(5)), and whether it belongs to a start: the rule of host/tree.h for a single one. */

import type { InstanceId } from "../engine/instance.ts";
import { type InstanceFacts, treeMarks } from "./service-environment.ts";

const statBytesMax = 4096;
const environmentBytesMax = 128 * 1024;
const ancestorsMax = 64;

export interface ProcessStat {
  state: string;
  parent: number;
  group: number;
  session: number;
}

/** null: there is no such process, or no /proc. */
export function readStat(pid: number): ProcessStat | null {
  const data = host.readFile(`/proc/${pid}/stat`, statBytesMax);
  return typeof data === "number" ? null : parseStat(host.decodeUtf8(data));
}

/** The name may hold anything, brackets too: fields count from behind its last one. */
export function parseStat(text: string): ProcessStat | null {
  const [state, parent, group, session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (state === undefined || session === undefined) return null;
  return { state, parent: Number(parent), group: Number(group), session: Number(session) };
}

/** A zombie, or on its way to one. */
export function hasEnded({ state }: ProcessStat): boolean {
  return state === "Z" || state === "X" || state === "x";
}

export interface Start {
  instance: InstanceId;
  facts: InstanceFacts;
  /** Process number of the program that was started; 0: not known any more. */
  leader: number;
  /** Whether a process is in the cgroup of the instance. */
  isInGroup(pid: number): boolean;
}

export function belongsToStart(pid: number, stat: ProcessStat, start: Start): boolean {
  if (start.isInGroup(pid)) return true;
  const [instance, ...marks] = treeMarks(start.instance, start.facts);
  const environment = environmentOf(pid);
  if (environment.includes(instance as string)) return marks.every((mark) => environment.includes(mark));
  if (start.leader === 0) return false;
  return stat.group === start.leader || stat.session === start.leader || descends(stat, start.leader);
}

function environmentOf(pid: number): string[] {
  const data = host.readFile(`/proc/${pid}/environ`, environmentBytesMax);
  return typeof data === "number" ? [] : host.decodeUtf8(data).split("\0");
}

/** Whether the process is a child of the other one, or a child of its children. */
export function descends({ parent }: ProcessStat, ancestor: number): boolean {
  let at = parent;
  for (let step = 0; step < ancestorsMax && at > 1; step++) {
    if (at === ancestor) return true;
    at = readStat(at)?.parent ?? 0;
  }
  return false;
}
