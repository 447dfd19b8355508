/** All keys of a service: the one definition that checks, types, JSON Schema and documentation come from. */

import type { DependencyWait } from "../engine/plan.ts";
import { replicasMax } from "../engine/replicas.ts";
import { directories } from "./directories-keys.ts";
import { health } from "./health-keys.ts";
import { stdin, tty } from "./input-keys.ts";
import { limits } from "./limits-keys.ts";
import { logs } from "./logs-keys.ts";
import type { YamlNode } from "./node.ts";
import { ready } from "./ready-keys.ts";
import { Refusal } from "./refusal.ts";
import { restart } from "./restart-keys.ts";
import { sandbox } from "./sandbox-keys.ts";
import { jitter, missed, overlap, schedule, timezone } from "./schedule-keys.ts";
import { byKind, changed, described, listOf, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { keyed, layered, mapOf } from "./schema-maps.ts";
import { parseSignal } from "./signals.ts";
import { sockets } from "./sockets-keys.ts";
import {
  boolean,
  type CommandSource,
  choice,
  command,
  duration,
  durationOrOff,
  filledText,
  matchingText,
  path,
  type Reference,
  reference,
  serviceName,
  signal,
  text,
  umask,
  wholeNumber,
} from "./values.ts";

const name = matchingText(
  "a service's name",
  serviceName,
  "only letters, digits, _ . and - are allowed, at most 100",
  "write letters, digits, _ . and - only",
);

export const runsMax = 1_000_000;

const runs: NodeSchema<"forever" | "once" | number> = scalar(
  "forever, once or a number of runs",
  { anyOf: [{ enum: ["forever", "once"] }, { type: "integer", minimum: 1, maximum: runsMax }] },
  (value) => {
    if (value === "forever" || value === "once") return value;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= 1 && number <= runsMax) return number;
    return new Refusal(`it is neither forever nor once nor a number from 1 to ${runsMax}`, "write forever, once or 3");
  },
);

const critical: NodeSchema<"no" | "default" | "exit" | "reboot" | "poweroff" | "rescue"> = scalar(
  "what the end of a critical service does",
  { enum: [true, false, "exit", "reboot", "poweroff", "rescue"] },
  (value) => {
    if (value === "true") return "default";
    if (value === "false") return "no";
    if (value === "exit" || value === "reboot" || value === "poweroff" || value === "rescue") return value;
    return new Refusal("it is none of true, false, exit, reboot, poweroff, rescue", "write exit, or leave it out");
  },
);

export interface EnvironmentFileSource {
  path: string;
  required: boolean;
  node: YamlNode;
}

const environmentFilePath: NodeSchema<EnvironmentFileSource> = changed(
  path("the path of an environment file"),
  (value, node) => ({
    path: value,
    required: true,
    node,
  }),
);

const environmentFileMap: NodeSchema<EnvironmentFileSource> = changed(
  keyed(
    "an environment file",
    {
      path: described(path("a path"), "Path of the file."),
      required: described(boolean, "false: a file that is missing is no failure. Default true."),
    },
    { required: ["path"] },
  ),
  ({ path: file = "", required = true }, node) => ({ path: file, required, node }),
);

const environmentFile = byKind("an environment file", { scalar: environmentFilePath, map: environmentFileMap });

export const environmentFiles: NodeSchema<EnvironmentFileSource[]> = byKind("environment files", {
  scalar: changed(environmentFilePath, (file) => [file]),
  list: listOf(environmentFile, "environment files"),
  map: changed(environmentFileMap, (file) => [file]),
});

function variableName(key: string): Refusal | null {
  if (key === "") return new Refusal("it is empty");
  if (key.includes("=")) return new Refusal("it holds =", "write the name before the colon and the value behind it");
  return key.includes("\0") ? new Refusal("it holds a zero byte") : null;
}

export const environment = mapOf("variables", text("the text of a variable", "put the text in quotes"), {
  name: variableName,
  listFix: "write NAME: VALUE, each on a line of its own",
  deletable: true,
});

const labels = mapOf("labels", text("a label"), {
  name: (key) => (key === "" ? new Refusal("it is empty") : null),
  listFix: "write NAME: VALUE, each on a line of its own",
  deletable: true,
});

const inheritEnvironment: NodeSchema<"all" | "none" | string[]> = byKind("what is inherited", {
  scalar: choice("what is inherited", ["all", "none"]),
  list: listOf(filledText("the name of a variable"), "names of variables"),
});

export interface DependencySource extends Reference {
  wait: DependencyWait | null;
  required: boolean;
  restart: boolean;
}

const wait: NodeSchema<DependencyWait> = choice("what is waited for", ["started", "ready", "healthy", "done"]);

const dependency: NodeSchema<DependencySource> = byKind("a dependency", {
  scalar: changed(reference, (found) => ({ ...found, wait: null, required: true, restart: true })),
  map: changed(
    keyed(
      "a dependency",
      {
        name: described(reference, "Name of the service that is needed."),
        wait: described(wait, "What must be reached before this service starts. Default ready; done for a task."),
        required: described(boolean, "false: when it fails, this service starts all the same. Default true."),
        restart: described(boolean, "false: this service is left running while the other is restarted. Default true."),
      },
      { required: ["name"] },
    ),
    ({ name: found, wait: awaited = null, required = true, restart: follows = true }, node) => ({
      ...(found ?? { name: "", node }),
      wait: awaited,
      required,
      restart: follows,
    }),
  ),
});

const references = listOf(reference, "names of services");

const timeout = layered(
  "time limits",
  {
    start: described(duration("a duration", 1), "From the first pre_start until the service is ready. Default 90s."),
    run: described(durationOrOff("a duration, or off"), "How long it may run in all. Default off."),
  },
  { fixes: { scalar: "write timeout: {start: 30s}, or {run: 1h}" } },
);

const stopMap = layered("a way to stop", {
  signal: described(signal, "Sent first. Default SIGTERM."),
  command: described(command, "Run in place of the signal."),
  timeout: described(duration("a duration"), "Then what is left gets SIGKILL. Default 10s."),
  kill: described(
    choice("what is killed", ["tree", "group", "process"]),
    "Whom the signals reach: every process of the service, its process group, or its main process only. Default tree.",
  ),
});

const stop: NodeSchema<OutputOf<typeof stopMap>> = byKind("a way to stop", {
  scalar: changed(signal, (value) => ({ signal: value }) as OutputOf<typeof stopMap>),
  map: stopMap,
});

export type ReloadSource =
  | { kind: "restart" }
  | { kind: "signal"; signal: number }
  | { kind: "command"; command: CommandSource };

const reload: NodeSchema<ReloadSource> = byKind("a way to reload", {
  scalar: scalar<ReloadSource>("a signal, or restart", { type: ["string", "integer"] }, (value) => {
    if (value === "restart") return { kind: "restart" };
    const found = parseSignal(value);
    return found instanceof Refusal ? found : { kind: "signal", signal: found };
  }),
  map: changed(
    keyed("a way to reload", {
      signal: described(signal, "Sent to the main process."),
      command: described(command, "Run as the service's user."),
    }),
    ({ signal: number, command: program }, node, result): ReloadSource | undefined => {
      if (number !== undefined && program === undefined) return { kind: "signal", signal: number };
      if (program !== undefined && number === undefined) return { kind: "command", command: program };
      const why = number === undefined ? "it has neither a signal nor a command" : "it has a signal and a command";
      result.refuse(node, "value", `cannot use this as a way to reload: ${why}`, "write one of the two");
      return undefined;
    },
  ),
});

const commands = listOf(command, "commands");

/** What a spawn request takes (SPAWN_GROUPS_MAX of host/spawn.h). */
const groupsMax = 128;

const groups = changed(listOf(filledText("a group"), "groups"), (names, node, result) => {
  if (names.length > groupsMax)
    result.refuse(node, "value", `cannot use ${names.length} groups: a service has at most ${groupsMax}`);
  return names;
});

export const serviceEntries = {
  name: described(name, "The service's name: letters, digits, _ . and -."),
  description: described(text("a description"), "What it is, for people."),
  enabled: described(boolean, "false: not started with the system, only by request or as a dependency. Default true."),
  tags: described(listOf(filledText("a tag"), "tags"), "Words by which services are named together, as in tag:web."),
  labels: described(labels, "Free text, shown in --json and metrics."),
  type: described(
    choice("a type", ["service", "task", "group"]),
    "service: runs until it is stopped. task: runs to its end, exit code 0 is success. group: a milestone without a process. Default service.",
  ),
  runs: described(
    runs,
    "Short form: forever = restart: always; once = type: task; a number = a task that runs so many times, one after the other.",
  ),
  command: described(
    command,
    "The program and its arguments: a text, split like a shell does it but with nothing else of a shell, or a list.",
  ),
  shell: described(boolean, "true: texts of commands are read by /bin/sh. Default false."),
  pre_start: described(commands, "Commands that must succeed before the service is started, each time."),
  post_stop: described(commands, "Commands that run after the service has ended, each time."),
  directory: described(
    path("a directory"),
    "The working directory. Default: the configuration's folder on a laptop, else /.",
  ),
  user: described(filledText("a user"), "Name or number of the user that it runs as."),
  group: described(filledText("a group"), "Name or number of the group that it runs as. Default: the user's."),
  groups: described(groups, "Further groups, 128 at most. Default: the user's."),
  umask: described(umask, "Permission bits that new files do not get, in octal. Default 022."),
  environment: described(environment, "Variables for the service."),
  env_file: described(environmentFiles, "Files with assignments in the syntax of a POSIX shell."),
  inherit_environment: described(
    inheritEnvironment,
    "What is passed on of gonit's own environment: all, none (PATH, LANG and TZ only) or names. Default: none in a VM, else all.",
  ),
  depends_on: described(
    listOf(dependency, "dependencies"),
    "Services that this one needs: they are started first, and it comes back when they come back.",
  ),
  before: described(references, "Services that start after this one when both start."),
  after: described(references, "Services that start before this one when both start."),
  conflicts: described(references, "Services that are stopped when this one starts, and the other way round."),
  ready: described(ready, "When the service counts as ready. Default started."),
  restart: described(restart, "Whether and when it is started again after its end. Default on-failure."),
  critical: described(critical, "What happens when it has ended for good. Default false."),
  timeout: described(timeout, "Time limits."),
  stop: described(stop, "How it is stopped: a signal, or a map. Default SIGTERM, then SIGKILL after 10s."),
  reload: described(
    reload,
    "How it reads its files again: a signal, a command, or restart. A signal that the program does not handle is not sent. Default restart.",
  ),
  logs: described(logs, "Where its output goes: none, console, file, a path, or a map."),
  health: described(
    health,
    "A question that is asked as long as it is ready; when the answer is no again and again, it is started anew.",
  ),
  watchdog: described(
    durationOrOff("a duration, or off"),
    "So often at least it tells WATCHDOG=1 to its notify socket, or it counts as hanging. Default off.",
  ),
  pid_file: described(
    path("the path of a pid file"),
    "File in which a daemon that forks names its main process, and by which it is ready. It must be a process of this service.",
  ),
  schedule: described(
    schedule,
    "When a task runs: a cron expression of five fields, every and a duration, or at boot+ and a duration.",
  ),
  timezone: described(timezone, "Time zone of a cron expression. Default UTC."),
  jitter: described(jitter, "Each run begins so much later at most, by chance. Default 0."),
  missed: described(
    missed,
    "Of times that passed while the clock jumped, the machine slept or gonit did not run: skip all, or run once. Default skip.",
  ),
  overlap: described(
    overlap,
    "Of a time that comes while the last run goes on: skip it, queue it until that has ended, or replace that run. Default skip.",
  ),
  tty: described(
    tty,
    "A controlling terminal: true (or pty) for one that gonit attach shows, or the path of a device. Default: none.",
  ),
  stdin: described(
    stdin,
    "Where it reads from: tty, {file: PATH} or another service ({from: NAME}). Default: its terminal, if it has one, else nothing.",
  ),
  limits: described(limits, "How much of the machine it may take."),
  sandbox: described(sandbox, "What stands between it and the machine. Default: nothing."),
  directories: described(directories, "Directories of its own, made for its user before it starts."),
  sockets: described(sockets, "What gonit listens on in its place, and hands over from descriptor 3 on."),
  watch: described(
    listOf(path("the path of a file or directory"), "paths"),
    "Files, and directories with all that is in them: when something changes, the service is restarted.",
  ),
  replicas: described(
    wholeNumber("a number", 1, replicasMax),
    "So many of it run, as NAME@1, NAME@2 and so on. What depends on it waits for all.",
  ),
};

const synonyms: Record<string, string> = {
  env: "environment",
  cmd: "command",
  exec: "command",
  entrypoint: "command",
  args: "command",
  cwd: "directory",
  workdir: "directory",
  working_dir: "directory",
  working_directory: "directory",
  uid: "user",
  gid: "group",
  log: "logs",
  logging: "logs",
  oneshot: "type: task",
  autostart: "enabled",
  autorestart: "restart",
  depends: "depends_on",
  requires: "depends_on",
  needs: "depends_on",
  healthcheck: "health",
  cron: "schedule",
  timer: "schedule",
  interval: "schedule: every …",
  tz: "timezone",
  stop_signal: "stop: {signal: …}",
  stop_timeout: "stop: {timeout: …}",
  stop_grace_period: "stop: {timeout: …}",
  envfile: "env_file",
};

const { name: _name, ...unnamedEntries } = serviceEntries;

const serviceFixes = { scalar: "write - name: NAME", list: "write - name: NAME" };

/** A service in a list. */
export const service = layered("a service", serviceEntries, { required: ["name"], synonyms, fixes: serviceFixes });
/** A service's own file, which need not repeat the name. */
export const ownFileService = layered("a service", serviceEntries, { synonyms });
export const defaults = layered("defaults", unnamedEntries, { synonyms });

export type ServiceValues = OutputOf<typeof service>;
