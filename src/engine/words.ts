/** Ends, signals and reasons in words. */

import { SignalScope, Stage } from "../contract.ts";
import type { KillScope } from "./plan.ts";
import type { End, FaultCause, StopCause } from "./state.ts";

const names =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const realTimeMin = 34;

export function signalName(signal: number): string {
  const name = names[signal - 1];
  if (name !== undefined) return `SIG${name}`;
  return signal >= realTimeMin ? `SIGRTMIN+${signal - realTimeMin}` : `signal ${signal}`;
}

export function scopeOf(kill: KillScope): number {
  return kill === "tree" ? SignalScope.tree : kill === "group" ? SignalScope.group : SignalScope.process;
}

export function exitText(code: number | null, signal: number | null): string {
  if (signal !== null) return `ended by ${signalName(signal)}`;
  return code === null ? "ended" : `exited ${code}`;
}

/** One line: how a run ended, as it stands behind "failed:" or in brackets behind a name. */
export function endText(end: End): string {
  switch (end.cause) {
    case "exited":
      return `${exitText(end.code, end.signal)}${end.core ? " (core dumped)" : ""}${end.wasReady ? "" : " before ready"}${end.detail === "" ? "" : `: ${end.detail}`}`;
    case "spawn-failed":
      return end.detail === "" ? `cannot be started (${stageName(end.stage)}, errno ${end.errno})` : end.detail;
    case "pre-start-failed":
    case "start-timeout":
    case "run-timeout":
    case "ready-closed":
    case "notify-error":
    case "starter-failed":
    case "unhealthy":
    case "watchdog":
      return end.detail;
    default:
      return end.code === null && end.signal === null ? "stopped" : exitText(end.code, end.signal);
  }
}

/** Why a run is stopped, in words. */
export function causeText(cause: StopCause | FaultCause): string {
  const texts: Record<StopCause | FaultCause, string> = {
    request: "stop was asked for",
    restart: "to be restarted",
    dependency: "a dependency is stopped or lost",
    conflict: "a service that conflicts with it is started",
    apply: "its definition changed",
    removed: "no longer in the configuration",
    shutdown: "the system is shutting down",
    "start-timeout": "not ready in time",
    "run-timeout": "ran longer than allowed",
    "ready-closed": "ready fd closed without a line",
    "notify-error": "it told an error",
    "starter-failed": "its program failed after it had forked",
    unhealthy: "it is unhealthy",
    watchdog: "it has fallen silent",
  };
  return texts[cause];
}

const stageNames = new Map(Object.entries(Stage).map(([name, number]) => [number as number, name]));

/** The step at which a start failed, as people know it. */
export function stageName(stage: number): string {
  const name = stageNames.get(stage) ?? `stage ${stage}`;
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** 90s, 500ms, 2.129s, 2m, 1h30m: exact below ten seconds, then to the second. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  if (ms < 10_000) return `${ms / 1000}s`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  return seconds < 120 ? `${seconds}s` : parts.map(([count, unit]) => (count > 0 ? count + unit : "")).join("");
}

const sizeUnits = ["", "K", "M", "G", "T"];

/** In powers of 1024, as short as is exact: 64K, 1536M. */
export function sizeText(bytes: number): string {
  let amount = bytes;
  let power = 0;
  while (amount > 0 && amount % 1024 === 0 && power < sizeUnits.length - 1) {
    amount /= 1024;
    power++;
  }
  return `${amount}${sizeUnits[power]}`;
}
