/** Plans for tests: every field has the configuration's default, a test names only what it is about. */

import { Role } from "../src/contract.ts";
import type { CommandPlan, DependencyPlan, HealthPlan, Plan, SchedulePlan, ServicePlan } from "../src/engine/plan.ts";

export function command(text: string): CommandPlan {
  return { argv: text.split(" "), builtin: null };
}

export function needs(name: string, options: Partial<DependencyPlan> = {}): DependencyPlan {
  return { name, wait: "ready", required: true, restart: true, ...options };
}

export function service(name: string, options: Partial<ServicePlan> = {}): ServicePlan {
  const isGroup = options.type === "group";
  return {
    name,
    description: "",
    enabled: true,
    tags: [],
    labels: {},
    type: "service",
    runs: 1,
    schedule: null,
    command: isGroup ? null : command(`/bin/${name}`),
    preStart: [],
    postStop: [],
    directory: "/",
    user: "",
    group: "",
    groups: null,
    umask: 0o22,
    directories: null,
    limits: null,
    sandbox: null,
    watch: [],
    sockets: [],
    tty: null,
    stdin: "",
    stdinFrom: "",
    inheritEnvironment: "all",
    environment: {},
    environmentFiles: [],
    environmentProblem: null,
    dependsOn: [],
    after: [],
    conflicts: [],
    ready: { kind: "started" },
    pidFile: "",
    restart: restart(),
    critical: "no",
    health: null,
    watchdogMs: null,
    startTimeoutMs: 90_000,
    runTimeoutMs: null,
    stop: stop(),
    reload: { kind: "restart" },
    logs: {
      to: "none",
      path: "",
      stderr: "merge",
      prefix: false,
      maxSizeBytes: 10_485_760,
      keep: 3,
      syncMs: 5000,
      format: "text",
      lineLimitBytes: 65_536,
      rateBytes: 0,
    },
    definedAt: "config.yml:1",
    ...options,
  };
}

/** Asked each second; two bad answers in a row make it unhealthy, and nothing is done about that. */
export function health(options: Partial<HealthPlan> = {}): HealthPlan {
  return {
    probe: { kind: "tcp", host: "127.0.0.1", port: 80, intervalMs: 250, timeoutMs: 3000 },
    intervalMs: 1000,
    failures: 2,
    startPeriodMs: 0,
    action: "none",
    ...options,
  };
}

export function hourly(): SchedulePlan {
  return { kind: "every", text: "every 1h", everyMs: 3_600_000, jitterMs: 0, missed: "skip", overlap: "skip" };
}

export function restart(options: Partial<ServicePlan["restart"]> = {}): ServicePlan["restart"] {
  return {
    policy: "on-failure",
    delayMs: 500,
    factor: 2,
    delayMsMax: 30_000,
    jitter: 0,
    resetAfterMs: 60_000,
    limit: null,
    onLimit: "fail",
    success: [0],
    ...options,
  };
}

export function stop(options: Partial<ServicePlan["stop"]> = {}): ServicePlan["stop"] {
  return { signal: 15, command: null, timeoutMs: 10_000, kill: "tree", ...options };
}

export function system(services: ServicePlan[], options: Partial<Plan> = {}): Plan {
  return {
    version: "1",
    title: "Test",
    description: "",
    hostname: "",
    role: Role.container,
    sources: [],
    watchConfig: "off",
    shutdownTimeoutMs: null,
    logs: { directory: "", maxTotalBytes: null },
    services,
    ...options,
  };
}
