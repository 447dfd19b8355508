/**
 * What people ask the engine: status and why. Pure functions over the state live in view-status.ts and view-why.ts;
 * here are the shapes, which are also what `--json` prints.
 */

import type { InstanceId } from "./instance.ts";

export type StateName =
  | "stopped"
  | "waiting"
  | "starting"
  /** Printed as `running` when the service declares no readiness. */
  | "ready"
  | "reloading"
  | "stopping"
  | "backing-off"
  | "failed"
  | "done";

export interface ServiceStatus {
  name: string;
  instance: InstanceId;
  description: string;
  type: "service" | "task" | "group";
  enabled: boolean;
  tags: string[];
  labels: Record<string, string>;
  state: StateName;
  /** The state as people read it: `running`, `failed: exit code 3` … */
  shown: string;
  wanted: "up" | "down";
  /** When the state began, in milliseconds since 1970 by the wall clock as it goes now. */
  sinceWallMs: number;
  pid: number | null;
  /** Starts after the first. */
  restarts: number;
  exitCode: number | null;
  exitSignal: string | null;
  /** Why it is in this state, one line. */
  reason: string;
  /** STATUS= of sd_notify. */
  statusText: string;
  marks: ("healthy" | "unhealthy" | "unkillable")[];
  dependsOn: string[];
  schedule: ScheduleStatus | null;
  /** What is poorer here than the configuration asks, such as no cgroup. */
  notes: string[];
  /** Its output so far; only of services that were asked for by name. */
  logs?: LogFigures;
  /** How much it waits; only of services that were asked for by name, and that have a cgroup whose kernel counts it. */
  pressure?: PressureFigures;
}

/** Share in percent of the last 10 seconds in which some of its processes waited for this (`some avg10` of cgroup v2). */
export interface PressureFigures {
  cpu: number;
  io: number;
  memory: number;
}

export interface LogFigures {
  /** What came, and what of it was dropped. */
  bytes: number;
  lines: number;
  droppedBytes: number;
  /** Files, standard output first; none: memory or a console. */
  paths: string[];
}

export interface ScheduleStatus {
  /** As it is written in the configuration. */
  text: string;
  /** Name of the time zone that its times are in. */
  timezone: string;
  /** When the next run begins: milliseconds since 1970, and as the zone's clock shows it. Null, empty: none is to come. */
  nextWallMs: number | null;
  next: string;
  /** What became of the last run; empty: there was none. */
  last: string;
  /** Times that were left out because the last run went on. */
  skipped: number;
}

export interface SystemStatus {
  title: string;
  version: string;
  /** booting, running, degraded (something failed), stopping, idle (nothing runs or waits). */
  state: string;
  services: ServiceStatus[];
  shutdown: { mode: string; sinceWallMs: number; deadlineWallMs: number; waitsFor: string[] } | null;
  /** What is to be said of its files on the disk; the engine knows nothing of them. */
  configuration: string;
  /** An apply that goes on. failed: the service for which it is taken back, or an empty text. */
  apply: { sinceWallMs: number; waitsFor: string; failed: string; because: string } | null;
  setAside: { eventKind: string; reason: string; wallMs: number }[];
}

/** One link of the chain that led here, newest first. */
export interface CauseLine {
  wallMs: number;
  /** Name of the event kind, of the rule, and what was done, in words. */
  event: string;
  rule: string;
  effect: string;
}

export interface Explanation {
  /** A service's, or `shutdown`, `apply`, a request's number. */
  name: string;
  /** Empty: it is no service. */
  state: StateName | "";
  shown: string;
  sinceWallMs: number;
  /** In words: what it is and because of what. */
  because: string;
  /** What it waits for; empty when it waits for nothing. */
  waitsFor: string[];
  /** What would release it, or what to do. */
  release: string[];
  causes: CauseLine[];
  lastLines: string[];
}
