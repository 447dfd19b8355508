/**
 * The plan: a configuration with everything resolved, as plain data. The reader makes it (src/config), the engine acts
 * on it, and nothing in it needs the configuration text again. All times are milliseconds, all sizes bytes.
 */

import type { NetworkingSettings, TerminalsSettings } from "./builtin-settings.ts";
import type { ZoneTable } from "./calendar.ts";
import type { CronFields } from "./cron.ts";

export interface Plan {
  /** The system's own version, free text. */
  version: string;
  title: string;
  description: string;
  /** Empty: the host name is left alone. */
  hostname: string;
  /** Role.* that the defaults were chosen for. */
  role: number;
  sources: PlanSource[];
  watchConfig: "off" | "notify" | "apply";
  /** Bound of a whole shutdown; null: computed from the services (src/engine/shutdown.ts). */
  shutdownTimeoutMs: number | null;
  logs: { directory: string; maxTotalBytes: number | null };
  /** Time limit of a machine's hardware watchdog. Absent: it is left alone. */
  watchdogMs?: number;
  /** What a machine's task prepares (src/config/plan-machine.ts). Absent: nothing is said about it. */
  machine?: MachinePlan;
  /** Of the time zones that schedules name, but for UTC. Absent: they name none. */
  zones?: Record<string, ZoneTable>;
  /** Of the place where it is applied; the manager fills it in. Absent: limits of what runs are left as they are. */
  limitsPlace?: LimitsPlace;
  services: ServicePlan[];
}

/** What can be done to processes that run (limits-in-place.ts). */
export interface LimitsPlace {
  /** Of cgroup v2, those that services' groups have. */
  controllers: string[];
  /** Which services have a group: none, those whose limits need one, all. */
  groups: "none" | "where-needed" | "all";
  /** CAP_SYS_RESOURCE. */
  mayRaise: boolean;
  /** CAP_SYS_NICE. */
  mayHurry: boolean;
}

export interface MachinePlan {
  modules: ModulePlan[];
  /** By name, as sysctl(8) writes them. */
  sysctl: Record<string, string>;
  mounts: MountPlan[];
}

export interface ModulePlan {
  /** A name, or the absolute path of its file. */
  name: string;
  options: string;
}

export interface MountPlan {
  /** A device, LABEL=…, UUID=…, tmpfs; empty for / as it is. */
  source: string;
  target: string;
  /** Empty: what is found on the device. */
  type: string;
  options: string[];
  check: boolean;
  required: boolean;
  grow: boolean;
}

/** A file that the plan was made from, with the SHA-256 of what was read. */
export interface PlanSource {
  path: string;
  hash: string;
}

export type ServiceType = "service" | "task" | "group";

export interface ServicePlan {
  name: string;
  description: string;
  /** false: not started with the system, only by request or as a dependency. */
  enabled: boolean;
  tags: string[];
  labels: Record<string, string>;
  type: ServiceType;
  /** A task that runs this many times, one after the other; 1 for everything else. */
  runs: number;
  /** When a task runs. Null: once, as soon as it is wanted. */
  schedule: SchedulePlan | null;
  /** Null for groups. */
  command: CommandPlan | null;
  preStart: CommandPlan[];
  postStop: CommandPlan[];
  directory: string;
  /** Empty: as gonit itself. */
  user: string;
  group: string;
  /** Null: the user's groups from the group file. */
  groups: string[] | null;
  umask: number;
  /** Of its own, made before each of its processes starts. Null: none. */
  directories: DirectoriesPlan | null;
  /** Null: none of its own. */
  limits: LimitsPlan | null;
  /** Null: none. */
  sandbox: SandboxPlan | null;
  /** Files and directories, with all that is in them, whose change restarts it. */
  watch: string[];
  /** What gonit listens on in its place; their order is that of the descriptors from 3. */
  sockets: SocketPlan[];
  /** A terminal of its own. Null: none. */
  tty: TerminalPlan | null;
  /** File that is opened as its standard input; empty: /dev/null. */
  stdin: string;
  /** Service whose standard output is its standard input; empty: none's. */
  stdinFrom: string;
  inheritEnvironment: "all" | "none" | string[];
  /** What the configuration sets, env_file's content included; later wins over what is inherited. */
  environment: Record<string, string>;
  environmentFiles: EnvironmentFilePlan[];
  /** Why an env_file could not be read when the plan was made; it is read again before each start. Null: all read. */
  environmentProblem: string | null;
  dependsOn: DependencyPlan[];
  /** Order only. `before` of other services is turned into `after` here. */
  after: string[];
  /** Starting one stops the other; symmetric in the plan. */
  conflicts: string[];
  ready: ReadyPlan;
  /** File in which a daemon that forks names its main process; empty: none. */
  pidFile: string;
  restart: RestartPlan;
  critical: Critical;
  health: HealthPlan | null;
  /** At least so often a service that is ready tells WATCHDOG=1. Null: it need not. */
  watchdogMs: number | null;
  startTimeoutMs: number;
  /** Null: no limit. */
  runTimeoutMs: number | null;
  stop: StopPlan;
  reload: ReloadPlan;
  logs: LogPlan;
  /** Where the service is defined, file:line, for messages. */
  definedAt: string;
}

/** Times at which a task runs. */
export type SchedulePlan = {
  /** As it is written. */
  text: string;
  /** Each run begins so much later at most, by chance. */
  jitterMs: number;
  /** Of times that passed while the clock jumped or the machine slept: none is made up for, or one. */
  missed: "skip" | "run";
  /** Of a time that comes while the last run goes on: left out, put off until its end, or in place of it. */
  overlap: "skip" | "queue" | "replace";
} & (
  | ({ kind: "cron"; timezone: string } & CronFields)
  | { kind: "every"; everyMs: number }
  /** Once, so long after gonit began. */
  | { kind: "boot"; delayMs: number }
);

/** A service's controlling terminal, which its output goes to. */
export interface TerminalPlan {
  /** Path of a terminal; empty: a pty, which is logged and can be attached to. */
  device: string;
  /** Whether it is the standard input as well. */
  stdin: boolean;
}

/** A program and its arguments; `shell: true` has become [/bin/sh, -c, TEXT]. */
export interface CommandPlan {
  argv: string[];
  /** Runs this very binary as the built-in service of this name instead of argv[0]. */
  builtin: string | null;
  /** What the configuration says to that built-in; absent: nothing. */
  settings?: BuiltinSettings;
}

export type BuiltinSettings = NetworkingSettings | TerminalsSettings | MachinePlan;

/** The built-in command of post_stop that removes run directories; its other arguments are their names. */
export const removeDirectories = "remove-directories";

/** How much of the machine it may take; null: no limit of the service's own. */
export interface LimitsPlan {
  memoryBytes: number | null;
  memoryHighBytes: number | null;
  /** Processors; 0.5 is half of one. */
  cpu: number | null;
  cpuWeight: number | null;
  ioWeight: number | null;
  pids: number | null;
  files: number | null;
  /** -1: unlimited. */
  coreBytes: number | null;
  nice: number | null;
  oomScoreAdj: number | null;
  /** The service makes groups of its own below its cgroup; null: it does not. */
  delegate: true | null;
}

/** What stands between a service and the machine. */
export interface SandboxPlan {
  namespaces: ("pid" | "mount" | "net" | "ipc" | "uts" | "cgroup" | "time")[];
  userNamespace: boolean;
  /** Empty: the system's. */
  root: string;
  /** The whole file system, but for /dev, /proc, /sys, directories of its own and `writable`. */
  readOnly: boolean;
  readOnlyPaths: string[];
  writable: string[];
  privateTmp: boolean;
  /** All that are kept, by number; null: those that its user has. */
  capabilities: number[] | null;
  noNewPrivileges: boolean;
  /** Name of a profile; empty: none. */
  seccomp: string;
}

export interface SocketPlan {
  /** In LISTEN_FDNAMES. */
  name: string;
  kind: "tcp" | "udp" | "unix";
  /** An IP address, or the path of a socket; @ is a name without a file. */
  address: string;
  /** 0: a path. */
  port: number;
  /** Of a path. */
  mode: number;
  /** Owner of a path; empty: gonit's own user. */
  user: string;
  backlog: number;
  /** The service is started with the first connection. */
  lazy: boolean;
}

/** Names below the folder of each kind, which depends on who gonit runs as (src/runtime/service-directories.ts). */
export interface DirectoriesPlan {
  run: DirectoryPlan[];
  state: DirectoryPlan[];
  cache: DirectoryPlan[];
  logs: DirectoryPlan[];
}

export interface DirectoryPlan {
  name: string;
  mode: number;
}

export interface EnvironmentFilePlan {
  path: string;
  required: boolean;
  /** Variables that `environment` sets: they win over the file, also when it is read again. Absent: none. */
  except?: string[];
}

export type DependencyWait = "started" | "ready" | "healthy" | "done";

export interface DependencyPlan {
  name: string;
  wait: DependencyWait;
  /** false: a dependency that fails does not hold this service back. */
  required: boolean;
  /** false: this service is left running while the dependency is away. */
  restart: boolean;
}

interface ProbeTimes {
  intervalMs: number;
  /** Limit of one probe. */
  timeoutMs: number;
}

export interface HttpQuestion {
  host: string;
  port: number;
  /** Path and query. */
  target: string;
  headers: Record<string, string>;
  /** Status codes that are a yes; empty: any 2xx or 3xx. */
  status: number[];
}

/** A question with yes or no for an answer. */
export type ProbePlan =
  | ({ kind: "exec"; command: CommandPlan } & ProbeTimes)
  | ({ kind: "http" } & HttpQuestion & ProbeTimes)
  | ({ kind: "tcp"; host: string; port: number } & ProbeTimes)
  | ({ kind: "unix"; path: string } & ProbeTimes)
  | ({ kind: "file"; path: string } & ProbeTimes);

export type ReadyPlan =
  | { kind: "started" }
  | { kind: "notify" }
  | { kind: "exit" }
  | { kind: "fd"; fd: number }
  /** A line of the output contains the text, or matches the regular expression. */
  | { kind: "log"; text: string; regularExpression: boolean }
  | ProbePlan;

export interface HealthPlan {
  /** Its interval is in use until the first yes. */
  probe: ProbePlan;
  intervalMs: number;
  /** So many answers in a row that are a no make a service unhealthy. */
  failures: number;
  /** Time for the first yes, beside that of `failures` questions at the steady interval. */
  startPeriodMs: number;
  action: "restart" | "none";
}

export interface RestartPlan {
  policy: "no" | "on-failure" | "always";
  delayMs: number;
  /** The delay is multiplied by this after each failure in a row. */
  factor: number;
  delayMsMax: number;
  /** Share of the delay that chance may add or take away, 0 to 1. */
  jitter: number;
  /** A run of at least this length clears the count of failures in a row. */
  resetAfterMs: number;
  /** More restarts than this within the window end the service as failed. Null: no limit. */
  limit: { count: number; windowMs: number } | null;
  onLimit: "fail";
  /** Exit codes that are a success. */
  success: number[];
}

export type Critical = "no" | "exit" | "reboot" | "poweroff" | "rescue";

export type KillScope = "tree" | "group" | "process";

export interface StopPlan {
  /** Signal number. */
  signal: number;
  /** Run first, in place of the signal; null: none. */
  command: CommandPlan | null;
  timeoutMs: number;
  kill: KillScope;
}

export type ReloadPlan =
  | { kind: "restart" }
  | { kind: "signal"; signal: number }
  | { kind: "command"; command: CommandPlan };

export interface LogPlan {
  /** inherit: our own standard descriptors, untouched (a plain init); no configuration says this. */
  to: "none" | "console" | "file" | "inherit";
  /** Absolute path; empty unless `to` is file. */
  path: string;
  stderr: "merge" | "separate";
  prefix: boolean;
  maxSizeBytes: number;
  /** Archives kept beside the file. */
  keep: number;
  syncMs: number;
  format: "text" | "json" | "raw";
  lineLimitBytes: number;
  /** Bytes of each second that are kept; 0: all. */
  rateBytes: number;
}
