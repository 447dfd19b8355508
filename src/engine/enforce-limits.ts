/**
 * What becomes of a service's limits in one place: files of its cgroup where a controller is there, limits of each
 * process (setrlimit(2)) where those mean something, and a note for all that is poorer than what was asked. Pure: the
 * facts of the place are given.
 */

import { Limit } from "../contract.ts";
import type { LimitsPlan } from "./plan.ts";
import { sizeText } from "./words.ts";

/** What the place allows. Hard limits: null is none. */
export interface LimitFacts {
  /** Of cgroup v2, those that services' groups can have. */
  controllers: string[];
  /** Services can have groups. */
  hasGroups: boolean;
  /** CAP_SYS_RESOURCE: hard limits can be raised, oom_score_adj lowered. */
  mayRaise: boolean;
  /** CAP_SYS_NICE. */
  mayHurry: boolean;
  hardLimits: { data: number | null; core: number | null; processes: number | null; files: number | null };
  /** gonit's own, as it was started. */
  nice: number;
  oomScoreAdj: number;
}

/** RLIMIT number, soft, hard; -1 is infinity. */
export type ProcessLimit = [resource: number, soft: number, hard: number];

export interface Enforced {
  /** Files of the service's cgroup with what to write. */
  files: [name: string, text: string][];
  rlimits: ProcessLimit[];
  nice: number | null;
  oomScoreAdj: number | null;
  notes: string[];
}

/* Numbers of asm-generic/resource.h. */
const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;
const RLIMIT_NPROC = 6;
const RLIMIT_NOFILE = 7;

/** Microseconds in which cpu.max counts; the kernel's own default. */
const periodUs = 100_000;

export const noLimits: LimitsPlan = {
  memoryBytes: null,
  memoryHighBytes: null,
  cpu: null,
  cpuWeight: null,
  ioWeight: null,
  pids: null,
  files: null,
  coreBytes: null,
  nice: null,
  oomScoreAdj: null,
  delegate: null,
};

/** Limits that only a cgroup can hold for all processes of a service together, or a group that the service divides. */
export function needsCgroup(limits: LimitsPlan | null): boolean {
  if (limits === null) return false;
  const { memoryBytes, memoryHighBytes, cpu, cpuWeight, ioWeight, pids, delegate } = limits;
  return delegate === true || [memoryBytes, memoryHighBytes, cpu, cpuWeight, ioWeight, pids].some((it) => it !== null);
}

/** `ownUser`: the service runs as a user that is not root and that no other service has. */
export function enforceLimits(limits: LimitsPlan, facts: LimitFacts, ownUser: boolean): Enforced {
  const enforced: Enforced = { files: [], rlimits: [], nice: null, oomScoreAdj: null, notes: [] };
  addGroupLimits(enforced, limits, facts, ownUser);
  if (limits.delegate === true) addDelegation(enforced, facts);
  const { files, coreBytes } = limits;
  if (files !== null) addProcessLimit(enforced, facts, "files", RLIMIT_NOFILE, files, facts.hardLimits.files);
  if (coreBytes !== null) addProcessLimit(enforced, facts, "core", RLIMIT_CORE, coreBytes, facts.hardLimits.core);
  addPriorities(enforced, limits, facts);
  return enforced;
}

function addGroupLimits(enforced: Enforced, limits: LimitsPlan, facts: LimitFacts, ownUser: boolean): void {
  const has = (controller: string) => facts.controllers.includes(controller);
  const { memoryBytes, memoryHighBytes, cpu, cpuWeight, ioWeight, pids } = limits;
  const lost = (key: string, controller: string) =>
    enforced.notes.push(`${notApplied(key)}: ${noController(controller)}`);
  // All of them each time: the group may have been made for an earlier definition.
  if (has("memory")) {
    enforced.files.push(["memory.max", textOf(memoryBytes)], ["memory.high", textOf(memoryHighBytes)]);
  } else {
    if (memoryBytes !== null) limitData(enforced, facts, memoryBytes);
    if (memoryHighBytes !== null) lost("memory_high", "memory");
  }
  if (has("cpu")) {
    const quota = cpu === null ? "max" : String(Math.max(1000, Math.round(cpu * periodUs)));
    enforced.files.push(["cpu.max", `${quota} ${periodUs}`], ["cpu.weight", String(cpuWeight ?? 100)]);
  } else {
    if (cpu !== null) lost("cpu", "cpu");
    if (cpuWeight !== null) lost("cpu_weight", "cpu");
  }
  if (has("io") && ioWeight !== null) enforced.files.push(["io.weight", `default ${ioWeight}`]);
  else if (ioWeight !== null) lost("io_weight", "io");
  if (has("pids")) enforced.files.push(["pids.max", textOf(pids)]);
  else if (pids !== null) limitProcesses(enforced, facts, pids, ownUser);
}

/** How deep gonit looks for processes, and how many groups it removes in one turn of its loop. */
const groupsBelowMax = 1000;

function addDelegation(enforced: Enforced, { hasGroups, controllers }: LimitFacts): void {
  enforced.files.push(["cgroup.max.depth", `${Limit.cgroupDepth}`], ["cgroup.max.descendants", `${groupsBelowMax}`]);
  if (!hasGroups) enforced.notes.push(`${notApplied("delegate")}: there is no cgroup here that gonit can write to`);
  else if (controllers.length === 0)
    enforced.notes.push("limits.delegate hands on no controllers: there are none here that gonit can write to");
}

function textOf(value: number | null): string {
  return value === null ? "max" : String(value);
}

function notApplied(key: string): string {
  return `limits.${key} is not applied`;
}

function noController(controller: string): string {
  return `there is no cgroup here that gonit can write to with the controller ${controller}`;
}

/**
 * RLIMIT_DATA, not RLIMIT_AS: what is only reserved does not count. With RLIMIT_AS Node 20 does not start below 1 GiB,
 * with RLIMIT_DATA it does with 64 MiB, and a program that fills its memory is stopped at the same size by both.
 */
function limitData(enforced: Enforced, facts: LimitFacts, bytes: number): void {
  enforced.notes.push(
    `limits.memory holds for each process alone (RLIMIT_DATA ${sizeText(bytes)}): ${noController("memory")}`,
  );
  addProcessLimit(enforced, facts, "memory", RLIMIT_DATA, bytes, facts.hardLimits.data);
}

/** The kernel counts all processes of the user, and none of root's (getrlimit(2)). */
function limitProcesses(enforced: Enforced, facts: LimitFacts, pids: number, ownUser: boolean): void {
  if (!ownUser) {
    enforced.notes.push(
      `${notApplied("pids")}: ${noController("pids")}, and the service has no user of its own whose processes could be counted`,
    );
    return;
  }
  enforced.notes.push(`limits.pids counts all processes of its user (RLIMIT_NPROC): ${noController("pids")}`);
  addProcessLimit(enforced, facts, "pids", RLIMIT_NPROC, pids, facts.hardLimits.processes);
}

function addProcessLimit(
  enforced: Enforced,
  facts: LimitFacts,
  key: string,
  resource: number,
  value: number,
  hard: number | null,
): void {
  const isTooMuch = hard !== null && (value < 0 || value > hard) && !facts.mayRaise;
  if (isTooMuch)
    enforced.notes.push(`limits.${key} is ${hard}: gonit may not raise the hard limit that it was started with`);
  const effective = isTooMuch ? hard : value;
  enforced.rlimits.push([resource, effective, effective]);
}

function addPriorities(enforced: Enforced, { nice, oomScoreAdj }: LimitsPlan, facts: LimitFacts): void {
  if (nice !== null && nice < facts.nice && !facts.mayHurry)
    enforced.notes.push(`${notApplied("nice")}: gonit may not go below ${facts.nice} (CAP_SYS_NICE)`);
  else enforced.nice = nice;
  if (oomScoreAdj !== null && oomScoreAdj < facts.oomScoreAdj && !facts.mayRaise)
    enforced.notes.push(
      `${notApplied("oom_score_adj")}: gonit may not go below ${facts.oomScoreAdj} (CAP_SYS_RESOURCE)`,
    );
  else enforced.oomScoreAdj = oomScoreAdj;
}

/** How many services run as each user. */
export function userCounts(services: { user: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { user } of services) counts.set(user, (counts.get(user) ?? 0) + 1);
  return counts;
}

/** A user that only one service has: its processes are the service's. */
export function isOwnUser(user: string, counts: Map<string, number>): boolean {
  return user !== "" && user !== "root" && user !== "0" && counts.get(user) === 1;
}
