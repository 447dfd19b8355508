/** One service of the plan: what was written, and the defaults of the role for all else. */

import { Role } from "../contract.ts";
import type {
  CommandPlan,
  Critical,
  DependencyPlan,
  HealthPlan,
  LogPlan,
  PlanSource,
  ProbePlan,
  ReadyPlan,
  ReloadPlan,
  RestartPlan,
  ServicePlan,
  ServiceType,
  StopPlan,
} from "../engine/plan.ts";
import { type CollectedService, type Merged, ownKey } from "./collect.ts";
import { serviceDefaults } from "./defaults.ts";
import type { HealthSource } from "./health-keys.ts";
import type { LimitValues } from "./limits-keys.ts";
import type { LogValues } from "./logs-keys.ts";
import { childOf, keyOf, type MapNode, placeOf, type YamlNode } from "./node.ts";
import { type CommandContext, defaultCommand, planCommand } from "./plan-commands.ts";
import { directoriesOf, removalOf } from "./plan-directories.ts";
import { inputOf } from "./plan-input.ts";
import { limitsOf } from "./plan-limits.ts";
import { pidFileOf } from "./plan-pid-file.ts";
import { sandboxOf } from "./plan-sandbox.ts";
import { type ScheduleContext, scheduleOf } from "./plan-schedule.ts";
import { socketsOf } from "./plan-sockets.ts";
import type { ProbeSource } from "./probe-keys.ts";
import type { ReadySource } from "./ready-keys.ts";
import type { RestartValues } from "./restart-keys.ts";
import { readEnvironmentFile } from "./system-environment.ts";
import type { CommandSource } from "./values.ts";

export interface ServiceContext extends CommandContext, ScheduleContext {
  /** Of a service that names none. */
  directory: string;
  /** Folder of the log files; empty: beside each service. */
  logDirectory: string;
  /** The top-level variables, for every service. */
  shared: Record<string, string>;
  shownPath: (path: string) => string;
  sources: PlanSource[];
  warnings: string[];
}

/** The plan's dependencies and order are added by src/config/references.ts, which sees all services. */
export function planService(service: CollectedService, context: ServiceContext): ServicePlan {
  const { values, name } = service;
  const { type, runs, restartPolicy } = typeOf(service, context);
  const role = serviceDefaults(context.role);
  const environment = environmentOf(service, context);
  const command = type === "group" ? null : commandOf(service, context);
  const critical = criticalOf(values.critical ?? "no", context.role);
  return {
    name,
    description: values.description ?? "",
    enabled: values.enabled ?? true,
    tags: values.tags ?? none,
    labels: (values.labels as Record<string, string> | undefined) ?? noValues,
    type,
    runs,
    schedule: scheduleOf(service, type, context),
    command,
    preStart: commandsOf(values.pre_start, service, context),
    postStop: postStopOf(service, context),
    directory: values.directory ?? context.directory,
    user: values.user ?? "",
    group: values.group ?? "",
    groups: values.groups ?? null,
    umask: values.umask ?? role.umask,
    directories: directoriesOf(values.directories),
    sandbox: sandboxOf(values.sandbox),
    limits: limitsOf(values.limits as Merged<LimitValues> | undefined),
    watch: values.watch ?? none,
    sockets: socketsOf(service, context),
    ...inputOf(service, context.problems),
    inheritEnvironment: values.inherit_environment ?? role.inheritEnvironment,
    environment: environment.environment,
    environmentFiles: environment.environmentFiles,
    environmentProblem: environment.environmentProblem,
    dependsOn: noDependencies,
    after: none,
    conflicts: none,
    ready: values.ready === undefined ? usualReady(command) : readyOf(values.ready, service, context),
    pidFile: pidFileOf(service, context),
    restart: restartOf(values.restart as Merged<RestartValues> | undefined, restartPolicy, critical),
    critical,
    health: healthOf(values.health, type, service, context),
    watchdogMs: typeof values.watchdog === "number" && type !== "group" ? values.watchdog : null,
    startTimeoutMs: values.timeout?.start ?? role.startTimeoutMs,
    runTimeoutMs: typeof values.timeout?.run === "number" ? values.timeout.run : null,
    stop: stopOf(service, context),
    reload: reloadOf(service, context),
    logs: logsOf(values.logs as Merged<LogValues> | undefined, name, context),
    definedAt: service.definedAt,
  };
}

const none: string[] = [];
const noDependencies: DependencyPlan[] = [];
const noValues: Record<string, string> = {};
const noCommands: CommandPlan[] = [];
const noFiles: ServicePlan["environmentFiles"] = [];
const started: ReadyPlan = { kind: "started" };
const restartItself: ReloadPlan = { kind: "restart" };

/** `type`, `runs` and the policy of `restart`, which speak of the same thing. */
function typeOf(
  service: CollectedService,
  context: ServiceContext,
): { type: ServiceType; runs: number; restartPolicy: RestartPlan["policy"] } {
  const { values } = service;
  const policy = values.restart?.policy ?? undefined;
  const { runs } = values;
  const usualType = values.schedule === undefined ? "service" : "task";
  const usual = { type: values.type ?? usualType, runs: 1, restartPolicy: policy ?? "on-failure" } as const;
  if (runs === undefined) return usual;
  const ownRuns = ownKey(service, "runs");
  // What the service says itself is stronger than runs of defaults.
  if (ownRuns === null && (ownKey(service, "type") !== null || ownPolicy(service) !== null)) return usual;
  const isTask = runs !== "forever";
  const wantedType = isTask ? "task" : "service";
  const typeKey = ownKey(service, "type");
  if (typeKey !== null && values.type !== undefined && values.type !== wantedType) {
    refuseRuns(service, context, `type: ${values.type}`, typeKey);
  }
  const policyKey = ownPolicy(service);
  const policyFits = isTask ? policy !== "always" : policy === "always";
  if (policyKey !== null && policy !== undefined && !policyFits)
    refuseRuns(service, context, `restart: ${policy}`, policyKey);
  const ownPolicyValue = policyKey === null ? undefined : policy;
  const fitting = policy !== "always" ? policy : undefined;
  return {
    type: wantedType,
    runs: typeof runs === "number" ? runs : 1,
    restartPolicy: isTask ? (ownPolicyValue ?? fitting ?? "on-failure") : "always",
  };
}

/** Where the service itself names a restart policy. */
function ownPolicy(service: CollectedService): YamlNode | null {
  for (let index = service.nodes.length - 1; index >= 0; index--) {
    const node = service.nodes[index];
    const restart = node === undefined ? null : childOf(node, "restart");
    if (restart?.kind === "scalar") return keyOf(node as MapNode, "restart");
    if (restart?.kind === "map" && keyOf(restart, "policy") !== null) return keyOf(restart, "policy");
  }
  return null;
}

function refuseRuns(service: CollectedService, context: ServiceContext, other: string, at: YamlNode): void {
  const runs = ownKey(service, "runs") as YamlNode;
  const { runs: value } = service.values;
  context.problems.at(at, "contradiction", `cannot have ${other} beside runs: ${value}: they contradict each other`, {
    fix: "keep one of the two",
    related: [{ text: "runs", place: placeOf(runs) }],
  });
}

function commandOf(service: CollectedService, context: ServiceContext): CommandPlan | null {
  const source = service.values.command;
  if (source === undefined) return defaultCommand(service, context);
  const key = source.kind === "list" && service.values.shell === true ? ownKey(service, "shell") : null;
  if (key !== null) {
    context.problems.at(
      key,
      "contradiction",
      "cannot give a list to a shell: shell: true is for a command that is one text",
      {
        fix: "write the command as one text, or leave shell out",
      },
    );
  }
  return planCommand(source, service, context);
}

function commandsOf(
  sources: CommandSource[] | undefined,
  service: CollectedService,
  context: ServiceContext,
): CommandPlan[] {
  if (sources === undefined) return noCommands;
  return sources.flatMap((source) => planCommand(source, service, context) ?? []);
}

function postStopOf(service: CollectedService, context: ServiceContext): CommandPlan[] {
  const commands = commandsOf(service.values.post_stop, service, context);
  const removal = removalOf(service.values.directories);
  return removal.length === 0 ? commands : [...commands, ...removal];
}

type EnvironmentParts = Pick<ServicePlan, "environment" | "environmentFiles" | "environmentProblem">;

function environmentOf(service: CollectedService, context: ServiceContext): EnvironmentParts {
  const { values } = service;
  const own = values.environment as Record<string, string> | undefined;
  const sources = values.env_file;
  if (sources === undefined && own === undefined) {
    return { environment: context.shared, environmentFiles: noFiles, environmentProblem: null };
  }
  const environment: Record<string, string> = Object.create(null);
  for (const name in context.shared) environment[name] = context.shared[name] as string;
  let environmentProblem: string | null = null;
  const environmentFiles: ServicePlan["environmentFiles"] = [];
  for (const { path, required } of sources ?? []) {
    environmentFiles.push({ path, required });
    const found = readEnvironmentFile({ path, required }, context.files, context.shownPath);
    // Also of a file that is no good: else each look of watch_config would find that it is not in the plan.
    if (found.source !== null) context.sources.push(found.source);
    if ("problem" in found) {
      environmentProblem ??= found.problem;
      context.warnings.push(`${service.definedAt}: ${service.name} will not start: ${found.problem}`);
      continue;
    }
    for (const [name, value] of found.variables) environment[name] = value;
  }
  for (const name in own) environment[name] = own[name] as string;
  // The files are read again at the start: what the configuration sets itself wins then, too.
  if (environmentProblem !== null && own !== undefined)
    for (const file of environmentFiles) file.except = Object.keys(own);
  return { environment, environmentFiles, environmentProblem };
}

/** The network is there when it is configured, not when the program that configures it runs. */
function usualReady(command: CommandPlan | null): ReadyPlan {
  return command?.builtin === "networking" ? { kind: "notify" } : started;
}

function readyOf(source: ReadySource, service: CollectedService, context: ServiceContext): ReadyPlan {
  if (source.kind !== "exec") return source as ReadyPlan;
  return probeOf(source, service, context);
}

function probeOf(source: ProbeSource, service: CollectedService, context: ServiceContext): ProbePlan {
  if (source.kind !== "exec") return source;
  const command = planCommand(source.command, service, context) ?? { argv: [], builtin: null };
  return { kind: "exec", command, intervalMs: source.intervalMs, timeoutMs: source.timeoutMs };
}

function healthOf(
  source: HealthSource | undefined | null,
  type: ServiceType,
  service: CollectedService,
  context: ServiceContext,
): HealthPlan | null {
  if (source === undefined || source === null) return null;
  const key = ownKey(service, "health");
  if (type === "service") return { ...source, probe: probeOf(source.probe, service, context) };
  if (key !== null) {
    const why = type === "group" ? "a group has no process" : "a task ends by itself";
    context.problems.at(key, "contradiction", `cannot ask a ${type} for its health: ${why}`, {
      fix: "leave health out, or make it type: service",
    });
  }
  return null;
}

const usualLimit = { count: 5, windowMs: 60_000 };

const restartDefaults: Omit<RestartPlan, "policy"> = {
  delayMs: 500,
  factor: 2,
  delayMsMax: 30_000,
  jitter: 0.1,
  resetAfterMs: 60_000,
  limit: null,
  onLimit: "fail",
  success: [0],
};

const usualRestart: RestartPlan = { policy: "on-failure", ...restartDefaults };

function restartOf(
  values: Merged<RestartValues> | undefined,
  policy: RestartPlan["policy"],
  critical: Critical,
): RestartPlan {
  if (values === undefined && policy === "on-failure" && critical === "no") return usualRestart;
  const delayMs = values?.delay ?? restartDefaults.delayMs;
  return {
    policy,
    delayMs,
    factor: values?.backoff ?? restartDefaults.factor,
    // A delay that was chosen longer than the usual bound is meant.
    delayMsMax: values?.max_delay ?? Math.max(restartDefaults.delayMsMax, delayMs),
    jitter: values?.jitter ?? restartDefaults.jitter,
    resetAfterMs: values?.reset_after ?? restartDefaults.resetAfterMs,
    limit: limitOf(values?.limit, critical),
    onLimit: values?.on_limit ?? "fail",
    success: values?.success ?? restartDefaults.success,
  };
}

function limitOf(limit: Merged<RestartValues>["limit"], critical: Critical): RestartPlan["limit"] {
  if (limit === undefined) return critical === "no" ? null : usualLimit;
  return limit === "off" ? null : limit;
}

function criticalOf(value: NonNullable<CollectedService["values"]["critical"]>, role: number): Critical {
  if (value !== "default") return value;
  return role === Role.vm ? "reboot" : "exit";
}

const SIGTERM = 15;
const usualStop: StopPlan = { signal: SIGTERM, command: null, timeoutMs: 10_000, kill: "tree" };

function stopOf(service: CollectedService, context: ServiceContext): StopPlan {
  const values = service.values.stop;
  if (values === undefined) return usualStop;
  return {
    signal: values.signal ?? usualStop.signal,
    command: values.command ? planCommand(values.command, service, context) : null,
    timeoutMs: values.timeout ?? usualStop.timeoutMs,
    kill: values.kill ?? usualStop.kill,
  };
}

function reloadOf(service: CollectedService, context: ServiceContext): ReloadPlan {
  const source = service.values.reload;
  if (source === undefined || source.kind === "restart") return restartItself;
  if (source.kind === "signal") return source;
  const command = planCommand(source.command, service, context);
  return command === null ? restartItself : { kind: "command", command };
}

const maxSizeBytes = 10 * 1024 * 1024;
const lineLimitBytes = 64 * 1024;

const consoleLogs: LogPlan = {
  to: "console",
  path: "",
  stderr: "separate",
  prefix: true,
  maxSizeBytes,
  keep: 3,
  syncMs: 5000,
  format: "text",
  lineLimitBytes,
  rateBytes: 0,
};

function logsOf(values: Merged<LogValues> | undefined, name: string, context: ServiceContext): LogPlan {
  if (values === undefined && serviceDefaults(context.role).logs.to === "console") return consoleLogs;
  const target = values?.to ?? serviceDefaults(context.role).logs;
  return {
    to: target.to,
    path: target.to === "file" ? target.path || logPath(name, context) : "",
    stderr: values?.stderr ?? (target.to === "console" ? "separate" : "merge"),
    prefix: values?.prefix ?? true,
    maxSizeBytes: values?.max_size ?? maxSizeBytes,
    keep: values?.keep ?? 3,
    syncMs: values?.sync ?? 5000,
    format: values?.format ?? "text",
    lineLimitBytes: values?.line_limit ?? lineLimitBytes,
    rateBytes: values?.rate ?? 0,
  };
}

function logPath(name: string, { logDirectory }: ServiceContext): string {
  return logDirectory === "" ? `/system/services/${name}/logs/${name}.log` : `${logDirectory}/${name}.log`;
}
