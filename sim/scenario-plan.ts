/**
 * Services in one line each: `service web needs:db,cache/started/optional ready:notify stop:TERM/1s restart:always/200ms`.
 * The words are those of config.yml where it has them.
 */

import { Refusal } from "../src/config/refusal.ts";
import { parseSchedule } from "../src/config/schedule-keys.ts";
import type {
  DependencyPlan,
  DependencyWait,
  HealthPlan,
  ReadyPlan,
  SchedulePlan,
  ServicePlan,
  SocketPlan,
} from "../src/engine/plan.ts";
import { command, needs, restart, service, stop } from "./plans.ts";

export const signals: Record<string, number> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, SEGV: 11, TERM: 15 };

/** 500ms, 10s, 5m, 3h, 2d. */
export function milliseconds(text: string): number {
  const found = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (found === null) throw new Error(`"${text}" is no duration`);
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(found[1]) * units[found[2] as keyof typeof units];
}

export function serviceLine(type: ServicePlan["type"], name: string, words: string[]): ServicePlan {
  const options: Partial<ServicePlan> = { type, command: type === "group" ? null : command(`/bin/${name}`) };
  for (const word of words) setOption(options, word.slice(0, word.indexOf(":")), word.slice(word.indexOf(":") + 1));
  return service(name, options);
}

function setOption(options: Partial<ServicePlan>, key: string, value: string): void {
  const list = value.split(",");
  switch (key) {
    case "needs":
      options.dependsOn = list.map(need);
      return;
    case "after":
    case "conflicts":
    case "tags":
      options[key] = list;
      return;
    case "enabled":
      options.enabled = value === "yes";
      return;
    case "description":
      options.description = value;
      return;
    case "environment":
      options.environment = { [value.split("=")[0] as string]: value.split("=")[1] as string };
      return;
    case "runs":
      options.runs = Number(value);
      return;
    case "schedule":
      options.schedule = scheduleOf(list);
      return;
    case "ready":
      options.ready = readiness(value);
      return;
    case "sockets":
      options.sockets = list.map(socket);
      return;
    case "pid_file":
      options.pidFile = value;
      return;
    case "restart":
      options.restart = { ...(options.restart ?? restart()), ...policy(value) };
      return;
    case "limit": {
      const [count, window] = value.split("/");
      options.restart = {
        ...(options.restart ?? restart()),
        limit: { count: Number(count), windowMs: milliseconds(window as string) },
      };
      return;
    }
    case "success":
      options.restart = { ...(options.restart ?? restart()), success: list.map(Number) };
      return;
    case "reset-after":
      options.restart = { ...(options.restart ?? restart()), resetAfterMs: milliseconds(value) };
      return;
    case "health":
      options.health = health(list[0] as string);
      return;
    case "watchdog":
      options.watchdogMs = milliseconds(value);
      return;
    case "critical":
      options.critical = value as ServicePlan["critical"];
      return;
    case "start-timeout":
      options.startTimeoutMs = milliseconds(value);
      return;
    case "run-timeout":
      options.runTimeoutMs = milliseconds(value);
      return;
    case "stop": {
      const [signal, time] = value.split("/") as [string, string];
      options.stop = { ...(options.stop ?? stop()), signal: signals[signal] as number, timeoutMs: milliseconds(time) };
      return;
    }
    case "stop-command":
      options.stop = { ...(options.stop ?? stop()), command: command(value) };
      return;
    case "kill":
      options.stop = { ...(options.stop ?? stop()), kill: value as "tree" | "group" | "process" };
      return;
    case "reload":
      options.reload =
        value in signals
          ? { kind: "signal", signal: signals[value] as number }
          : { kind: "command", command: command(value) };
      return;
    case "pre_start":
      options.preStart = list.map(command);
      return;
    case "post_stop":
      options.postStop = list.map(command);
      return;
    default:
      throw new Error(`there is no option ${key}`);
  }
}

/** db, db/started, db/ready/optional, db/ready/keep. */
function need(text: string): DependencyPlan {
  const [name, ...words] = text.split("/");
  const waits: DependencyWait[] = ["started", "ready", "healthy", "done"];
  const wait = waits.find((one) => words.includes(one)) ?? "ready";
  return needs(name as string, { wait, required: !words.includes("optional"), restart: !words.includes("keep") });
}

/** 8080, 8080/lazy: a port of this machine. */
function socket(text: string): SocketPlan {
  const [port = "0", lazy = ""] = text.split("/");
  const place = { kind: "tcp", address: "127.0.0.1", port: Number(port) } as const;
  return { name: "web", ...place, mode: 0o666, user: "", backlog: 128, lazy: lazy === "lazy" };
}

function policy(value: string): Partial<ServicePlan["restart"]> {
  const [name, delay, longest] = value.split("/");
  return {
    policy: name as ServicePlan["restart"]["policy"],
    ...(delay === undefined ? {} : { delayMs: milliseconds(delay) }),
    ...(longest === undefined ? {} : { delayMsMax: milliseconds(longest) }),
  };
}

/** restart, restart/2, none/2/5s: what is done about it, after how many failures, how long they do not count at first. */
function health(text: string): HealthPlan {
  const [action, failures = "3", period = "0s"] = text.split("/");
  return {
    probe: { kind: "tcp", host: "127.0.0.1", port: 80, intervalMs: 1000, timeoutMs: 3000 },
    intervalMs: 10_000,
    failures: Number(failures),
    startPeriodMs: milliseconds(period),
    action: action as HealthPlan["action"],
  };
}

function readiness(kind: string): ReadyPlan {
  const times = { intervalMs: 250, timeoutMs: 3000 };
  switch (kind) {
    case "started":
    case "notify":
    case "exit":
      return { kind };
    case "fd":
      return { kind, fd: 3 };
    case "log":
      return { kind, text: "listening", regularExpression: false };
    case "log/regular":
      return { kind: "log", text: "listening|serving", regularExpression: true };
    case "exec":
      return { kind, command: command("/bin/check"), ...times };
    case "http":
      return { kind, host: "127.0.0.1", port: 80, target: "/", headers: {}, status: [], ...times };
    case "tcp":
      return { kind, host: "127.0.0.1", port: 80, ...times };
    case "unix":
    case "file":
      return { kind, path: "/run/socket", ...times };
    default:
      throw new Error(`there is no readiness ${kind}`);
  }
}

/**
 * schedule:30_3_*_*_*,jitter=1m,missed=run,overlap=queue,zone=Test/Zone; every_5m and at_boot+1m. A blank is written as _.
 * The zone Test/Zone is one hour east of UTC, see `testZones`.
 */
function scheduleOf([words = "", ...options]: string[]): SchedulePlan {
  const found = parseSchedule(words.replaceAll("_", " "));
  if (found instanceof Refusal) throw new Error(found.why);
  const value = (key: string) => options.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1);
  const rest = {
    jitterMs: milliseconds(value("jitter") ?? "0s"),
    missed: (value("missed") ?? "skip") as SchedulePlan["missed"],
    overlap: (value("overlap") ?? "skip") as SchedulePlan["overlap"],
  };
  return found.kind === "cron" ? { ...found, ...rest, timezone: value("zone") ?? "UTC" } : { ...found, ...rest };
}

export const testZones = { "Test/Zone": [3600] };
