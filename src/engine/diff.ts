/** What a new plan changes in the running one. Pure; `gonit plan` prints it, plan-change.ts carries it out. */

import { environmentKeys } from "./diff-words.ts";
import { changedLimits, fixedLimits, limitKeys } from "./limits-in-place.ts";
import type { EnvironmentFilePlan, LimitsPlace, LimitsPlan, Plan, ServicePlan } from "./plan.ts";

export interface Change {
  service: string;
  /** in-place: what changed takes effect without a new process. */
  action: "start" | "stop" | "restart" | "in-place" | "keep";
  /** In words; empty for keep without any difference. */
  because: string;
}

/** Differences in these need a new process; all others take effect where they stand. */
const processFields: (keyof ServicePlan)[] = [
  "type",
  "command",
  "directory",
  "user",
  "group",
  "groups",
  "umask",
  "directories",
  "sandbox",
  "sockets",
  "tty",
  "stdin",
  "stdinFrom",
  "inheritEnvironment",
  "environment",
  "environmentFiles",
  "ready",
  "pidFile",
  "watchdogMs",
  "logs",
];

const otherFields: (keyof ServicePlan)[] = [
  "description",
  "tags",
  "labels",
  "runs",
  "schedule",
  "preStart",
  "postStop",
  "environmentProblem",
  "dependsOn",
  "after",
  "conflicts",
  "restart",
  "critical",
  "health",
  "startTimeoutMs",
  "runTimeoutMs",
  "stop",
  "reload",
  "watch",
];

/**
 * In the order of the new plan; what is no longer in it stands at the end. `wanted` names services that are up for other
 * reasons than being enabled: what they need stays up too.
 */
export function planChanges(from: Plan | null, to: Plan, wanted: string[]): Change[] {
  const old = new Map((from?.services ?? []).map((service) => [service.name, service]));
  const needed = neededBy(old, to, wanted);
  const changes = to.services.map((service) => {
    const before = old.get(service.name);
    old.delete(service.name);
    if (before === undefined) return newService(service);
    return changeOf(before, service, needed.get(service.name) ?? "", to.limitsPlace);
  });
  for (const service of old.keys())
    changes.push({ service, action: "stop", because: "no longer in the configuration" });
  return changes;
}

/** What is needed, directly or not, by services that are to be up, each with one that needs it. */
function neededBy(old: Map<string, ServicePlan>, to: Plan, wanted: string[]): Map<string, string> {
  const services = new Map(to.services.map((service) => [service.name, service]));
  const others = new Set(wanted.filter((name) => old.get(name)?.enabled === false));
  const up = new Set(to.services.filter(({ name, enabled }) => enabled || others.has(name)));
  const needed = new Map<string, string>();
  for (const { name, dependsOn } of up) {
    for (const need of dependsOn) {
      if (!needed.has(need.name)) needed.set(need.name, name);
      const service = services.get(need.name);
      // A set is gone through to its end, also when it grows meanwhile.
      if (service !== undefined) up.add(service);
    }
  }
  return needed;
}

function newService(service: ServicePlan): Change {
  return service.enabled
    ? { service: service.name, action: "start", because: "new" }
    : { service: service.name, action: "keep", because: "new, not enabled" };
}

/** `neededBy`: a service that needs it, or an empty text. */
function changeOf(from: ServicePlan, to: ServicePlan, neededBy: string, place: LimitsPlace | undefined): Change {
  const service = to.name;
  const isDisabled = from.enabled && !to.enabled;
  if (isDisabled && neededBy === "") return { service, action: "stop", because: "no longer enabled" };
  if (!from.enabled && to.enabled) return { service, action: "start", because: "enabled now" };
  const changed = [...changedFields(from, to, processFields), ...fixedLimits(from, to, place).map(limitKey)];
  if (changed.length > 0) return { service, action: "restart", because: `${changed.join(", ")} changed` };
  if (isDisabled) return { service, action: "keep", because: `no longer enabled, but needed by ${neededBy}` };
  const inPlace = [...changedLimits(from.limits, to.limits).map(limitKey), ...changedFields(from, to, otherFields)];
  return inPlace.length === 0
    ? { service, action: "keep", because: "" }
    : { service, action: "in-place", because: `${inPlace.join(", ")} changed` };
}

function limitKey(field: keyof LimitsPlan): string {
  return `limits.${limitKeys[field]}`;
}

/** Whether a process started by one definition is not what the other asks for, and cannot be made so. */
export function needsNewProcess(from: ServicePlan, to: ServicePlan, place?: LimitsPlace): boolean {
  return processFields.some((field) => isChanged(field, from, to)) || fixedLimits(from, to, place).length > 0;
}

function changedFields(from: ServicePlan, to: ServicePlan, fields: (keyof ServicePlan)[]): string[] {
  const changed = fields.filter((field) => isChanged(field, from, to));
  return [...new Set(changed.flatMap((field) => keysOf(field, from, to)))];
}

/** What the files leave to `environment` is no difference of its own: what comes of it stands in the environment. */
function isChanged(field: keyof ServicePlan, from: ServicePlan, to: ServicePlan): boolean {
  if (field !== "environmentFiles") return !isEqual(from[field], to[field]);
  return !isEqual(from[field].map(pathOf), to[field].map(pathOf));
}

function keysOf(field: keyof ServicePlan, from: ServicePlan, to: ServicePlan): string[] {
  if (field === "command") return [commandKey(from, to)];
  if (field === "environment") return environmentKeys(from, to);
  return [keyOf(field)];
}

function pathOf({ path, required }: EnvironmentFilePlan): unknown {
  return { path, required };
}

/** Where only what the configuration says to a built-in service is another, that is the key of the file of its name. */
function commandKey({ command: from }: ServicePlan, { command: to }: ServicePlan): string {
  const isSettings = from !== null && to !== null && isEqual({ ...from, settings: 0 }, { ...to, settings: 0 });
  return isSettings ? (from.builtin ?? "command") : "command";
}

/** The configuration's word for a field of the plan. */
function keyOf(field: string): string {
  const names: Record<string, string> = {
    environmentFiles: "env_file",
    environmentProblem: "env_file",
    startTimeoutMs: "timeout",
    runTimeoutMs: "timeout",
    watchdogMs: "watchdog",
  };
  return names[field] ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Deep equality of plain data; the order of an object's keys does not count. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isEqual(at(one, key), at(other, key)));
}

function at(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key];
}
