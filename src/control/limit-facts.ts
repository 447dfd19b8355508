/** What this place allows a service's limits to be, from /proc and the cgroup file system. */

import { enforceLimits, isOwnUser, type LimitFacts, userCounts } from "../engine/enforce-limits.ts";
import type { ServicePlan } from "../engine/plan.ts";

/** Controllers that limits use. */
const controllersUsed = ["cpu", "io", "memory", "pids"];

const fileBytesMax = 64 * 1024;
const capSysNice = 23;
const capSysResource = 24;

export function readText(path: string): string {
  const data = host.readFile(path, fileBytesMax);
  return typeof data === "number" ? "" : host.decodeUtf8(data);
}

/** `cgroupRoot`: a directory in which groups can be made, or an empty text. */
export function readLimitFacts(cgroupRoot: string): LimitFacts {
  const limits = readText("/proc/self/limits");
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText("/proc/self/status"))?.[1] ?? "";
  const available = cgroupRoot === "" ? [] : readText(`${cgroupRoot}/cgroup.controllers`).trim().split(" ");
  const nice = Number(
    readText("/proc/self/stat")
      .replace(/^.*\) /s, "")
      .split(" ")[16],
  );
  return {
    controllers: controllersUsed.filter((name) => available.includes(name)),
    hasGroups: cgroupRoot !== "",
    mayRaise: hasCapability(capabilities, capSysResource),
    mayHurry: hasCapability(capabilities, capSysNice),
    hardLimits: {
      data: hardLimit(limits, "Max data size"),
      core: hardLimit(limits, "Max core file size"),
      processes: hardLimit(limits, "Max processes"),
      files: hardLimit(limits, "Max open files"),
    },
    nice: Number.isInteger(nice) ? nice : 0,
    oomScoreAdj: Number(readText("/proc/self/oom_score_adj").trim()) || 0,
  };
}

/** A bit of a hexadecimal number that is too long for a number of the language. */
function hasCapability(hex: string, bit: number): boolean {
  const digit = Number.parseInt(hex[hex.length - 1 - (bit >> 2)] ?? "0", 16);
  return ((digit >> (bit & 3)) & 1) === 1;
}

export function hardLimit(text: string, name: string): number | null {
  const line = text.split("\n").find((one) => one.startsWith(name)) ?? "";
  const hard = line.slice(name.length).trim().split(/\s+/)[1];
  return hard === undefined || hard === "unlimited" ? null : Number(hard);
}

/** What is poorer here than the services' limits ask, before anything is started: for `gonit check`. */
export function limitWarnings(services: ServicePlan[]): string[] {
  const limited = services.filter(({ limits }) => limits !== null);
  if (limited.length === 0) return [];
  const facts = readLimitFacts(host.cgroupRoot());
  const users = userCounts(services);
  return limited.flatMap(({ name, limits, user, definedAt }) => {
    const { notes } = enforceLimits(limits as NonNullable<typeof limits>, facts, isOwnUser(user, users));
    return notes.map((note) => `${definedAt}: ${name}: ${note}`);
  });
}
