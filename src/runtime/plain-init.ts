/**
 * `gonit init -- CMD` without a configuration: what people use tini and dumb-init for. CMD is the one critical service
 * `main`; it gets our own standard descriptors, umask, blocked and ignored signals, and every signal but SIGCHLD.
 */

import { Role } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";

const SIGTERM = 15;

export function plainPlan(argv: string[], role: number): Plan {
  return {
    version: "",
    title: argv[0] ?? "",
    description: "",
    hostname: "",
    role,
    sources: [],
    watchConfig: "off",
    shutdownTimeoutMs: null,
    logs: { directory: "", maxTotalBytes: null },
    services: [mainService(argv)],
  };
}

function mainService(argv: string[]): ServicePlan {
  return {
    name: "main",
    description: "The command that this init was started for",
    enabled: true,
    tags: [],
    labels: {},
    type: "service",
    runs: 1,
    schedule: null,
    command: { argv, builtin: null },
    preStart: [],
    postStop: [],
    directory: host.workingDirectory(),
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
    restart: {
      policy: "no",
      delayMs: 500,
      factor: 2,
      delayMsMax: 30_000,
      jitter: 0,
      resetAfterMs: 60_000,
      limit: null,
      onLimit: "fail",
      success: [0],
    },
    critical: "exit",
    health: null,
    watchdogMs: null,
    startTimeoutMs: 90_000,
    runTimeoutMs: null,
    stop: { signal: SIGTERM, command: null, timeoutMs: 10_000, kill: "tree" },
    reload: { kind: "restart" },
    logs: {
      to: "inherit",
      path: "",
      stderr: "separate",
      prefix: false,
      maxSizeBytes: 0,
      keep: 0,
      syncMs: 0,
      format: "raw",
      lineLimitBytes: 65_536,
      rateBytes: 0,
    },
    definedAt: "command line",
  };
}

/** Whether process 1 of a container or a laptop's `init --` runs as a plain init. */
export function isPlainInit(options: { command: string[] | null; file: string | null }, role: number): boolean {
  return options.command !== null && options.file === null && role !== Role.vm;
}

/** Signals for the command. One that comes before its program runs is sent when it does: a container may be stopped at once. */
export class ForwardedSignals {
  private readonly waiting: number[] = [];
  private readonly send: (ticket: Ticket, signal: number) => void;

  constructor(send: (ticket: Ticket, signal: number) => void) {
    this.send = send;
  }

  forward(signals: number[]): void {
    this.waiting.push(...signals);
  }

  /** Called after each turn, with the command's process if it runs. */
  flush(main: { ticket: Ticket } | null): void {
    if (main === null) return;
    for (const signal of this.waiting.splice(0)) this.send(main.ticket, signal);
  }
}
