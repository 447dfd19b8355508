/** What a configuration can cost at most: processes, descriptors, disk, time. For `gonit check`. */

import { Limit } from "../contract.ts";
import type { DependencyWait, Plan, ServicePlan } from "../engine/plan.ts";
import { shutdownBoundMs } from "../engine/shutdown.ts";
import { type LongestStop, longestStop } from "./check-stop.ts";
import { formatDuration } from "./duration.ts";
import { logSources } from "./log-sources.ts";
import { formatSize } from "./size.ts";

/** Limits that hold for gonit; null: none, or not known. */
export interface HostLimits {
  processes: number | null;
  descriptors: number | null;
}

export interface Figures {
  services: number;
  /** gonit's own three included. */
  processes: number;
  processesMax: number | null;
  /** Of the role that needs the most. */
  descriptors: number;
  descriptorsMax: number | null;
  logFileBytes: number;
  logMemoryBytes: number;
  start: LongestStart;
  /** The slowest chain of stops, without what is killed after it. */
  stop: LongestStop;
  shutdownMs: number;
}

export type LongestStart =
  | { boundMs: number; path: string[] }
  /** The task without a limit that others wait for. */
  | { unbounded: string };

const ownProcesses = 3;
/** Beside what grows with the services: sockets, ledger, clients, the window of the spawner threads. */
const ownDescriptors = 128;

export function figuresOf(plan: Plan, limits: HostLimits): Figures {
  let processes = ownProcesses;
  let descriptors = ownDescriptors;
  let logFileBytes = 0;
  let logMemorySources = 0;
  for (const service of plan.services) {
    if (service.type !== "group") processes += 1 + extraProcesses(service);
    const sources = logSources(service);
    descriptors +=
      2 * sources +
      (service.tty?.device === "" ? 1 : 0) +
      (service.stdinFrom === "" ? 0 : 2) +
      2 * service.sockets.length +
      (service.watch.length > 0 ? 1 : 0) +
      (service.pidFile === "" ? 0 : 1) +
      (service.ready.kind === "notify" || service.watchdogMs !== null || service.ready.kind === "fd" ? 2 : 0);
    if (service.logs.to === "file") logFileBytes += sources * service.logs.maxSizeBytes * (service.logs.keep + 1);
    if (service.logs.to === "console") logMemorySources += sources;
  }
  const bound = plan.logs.maxTotalBytes;
  return {
    services: plan.services.length,
    processes,
    processesMax: limits.processes,
    descriptors,
    descriptorsMax: limits.descriptors,
    logFileBytes: bound === null ? logFileBytes : Math.min(bound, logFileBytes),
    logMemoryBytes: Math.min(logMemorySources, Limit.logMemorySlots) * Limit.logMemoryBytes,
    start: longestStart(plan.services),
    stop: longestStop(plan.services),
    shutdownMs: shutdownBoundMs(plan),
  };
}

/** A probe (that of health follows that of readiness), and a command that stops or reloads, beside the main process. */
function extraProcesses({ ready, health, stop, reload }: ServicePlan): number {
  const hasCommand = stop.command !== null || reload.kind === "command";
  const hasProbe = ready.kind === "exec" || health?.probe.kind === "exec";
  return (hasProbe ? 1 : 0) + (hasCommand ? 1 : 0);
}

interface Way {
  ms: number;
  /** The service before on the longest way. */
  from: string | null;
  unbounded: string | null;
}

/** How long until the last service has started when each needs all of its time, and succeeds at its first try. */
function longestStart(services: ServicePlan[]): LongestStart {
  const byName = new Map(services.map((service) => [service.name, service]));
  const ways = new Map<string, Way>();
  let last: { name: string; way: Way } | null = null;
  for (const { name, enabled } of services) {
    const way = wayTo(name, byName, ways);
    if (enabled && way.unbounded !== null) return { unbounded: way.unbounded };
    if (enabled && (last === null || way.ms > last.way.ms)) last = { name, way };
  }
  const path: string[] = [];
  for (let at = last?.name ?? null; at !== null; at = ways.get(at)?.from ?? null) path.unshift(at);
  return { boundMs: last?.way.ms ?? 0, path };
}

/** Without recursion: chains may be thousands long. The plan has no cycles. */
function wayTo(start: string, services: Map<string, ServicePlan>, ways: Map<string, Way>): Way {
  const stack = [start];
  while (stack.length > 0) {
    const name = stack[stack.length - 1] as string;
    const service = services.get(name) as ServicePlan;
    const before = [...service.dependsOn.map((dependency) => dependency.name), ...service.after];
    const missing = before.filter((other) => !ways.has(other));
    if (missing.length > 0 && !ways.has(name)) stack.push(...missing);
    else {
      stack.pop();
      if (!ways.has(name)) ways.set(name, combine(service, ways, services));
    }
  }
  return ways.get(start) as Way;
}

function combine(service: ServicePlan, ways: Map<string, Way>, services: Map<string, ServicePlan>): Way {
  let longest: Way = { ms: 0, from: null, unbounded: null };
  const consider = (name: string, wait: DependencyWait) => {
    const way = ways.get(name) as Way;
    const other = services.get(name) as ServicePlan;
    const run = wait === "done" ? other.runTimeoutMs : 0;
    const ms = way.ms + (run ?? 0) * other.runs + (wait === "healthy" ? firstYesMs(other) : 0);
    const unbounded = way.unbounded ?? (run === null ? name : null);
    if (unbounded !== null || (longest.unbounded === null && ms >= longest.ms)) longest = { ms, from: name, unbounded };
  };
  for (const { name, wait } of service.dependsOn) consider(name, wait);
  for (const name of service.after) consider(name, "ready");
  const own = service.type === "group" ? 0 : service.startTimeoutMs * (service.type === "task" ? service.runs : 1);
  return { ...longest, ms: longest.ms + own };
}

/** From ready to the first good answer of its health, or to its restart. */
function firstYesMs({ health }: ServicePlan): number {
  return health === null ? 0 : health.startPeriodMs + health.failures * health.intervalMs;
}

/** The figures as lines for people. */
export function figureLines(figures: Figures): string[] {
  const { start, stop } = figures;
  const startLine =
    "unbounded" in start
      ? `no bound: others wait until ${start.unbounded} is done, and it has no timeout: {run: …}`
      : `${formatDuration(start.boundMs)}${shownPath(start.path)}`;
  return [
    `processes          ${atMost(figures.processes, figures.processesMax)}`,
    `descriptors        ${atMost(figures.descriptors, figures.descriptorsMax)}`,
    `log files          ${formatBytes(figures.logFileBytes)}`,
    `logs in memory     ${formatBytes(figures.logMemoryBytes)}`,
    `longest start      ${startLine}`,
    `longest shutdown   ${formatDuration(figures.shutdownMs)}${shownPath(stop.path)}`,
  ];
}

function shownPath(path: string[]): string {
  if (path.length < 2) return "";
  return ` (${path.length > 6 ? `${path.slice(0, 3).join(", ")}, … ${path.slice(-2).join(", ")}` : path.join(", ")})`;
}

function atMost(needed: number, max: number | null): string {
  if (max === null) return String(needed);
  return needed > max ? `${needed}, but the limit here is ${max}` : `${needed} of ${max}`;
}

/** A round figure, for reading only. */
function formatBytes(bytes: number): string {
  if (bytes < 1024 * 1024) return formatSize(Math.ceil(bytes / 1024) * 1024);
  return formatSize(Math.ceil(bytes / (1024 * 1024)) * 1024 * 1024);
}
