/** Directives of [Service] about its life: commands, readiness, restart, end. */

import { formatSignal, parseSignal } from "../config/signals.ts";
import { type Data, Raw } from "../config/write-yaml.ts";
import { type At, type DataMap, LeftOut, literal } from "./draft.ts";
import { duration, readDuration } from "./durations.ts";
import { nothing, type Rules } from "./rules.ts";
import {
  commandData,
  commandsData,
  needsShell,
  readCommands,
  type SystemdCommand,
  shellText,
  withVariables,
} from "./systemd-command.ts";
import { type ExecKey, entry, isYes, later, type SystemdContext, type SystemdRule, time } from "./systemd-context.ts";

const bus = new LeftOut("a name on the bus is not waited for", "ready: {exec: COMMAND} can ask for it");
const stored = new LeftOut("descriptors are not kept for a service", "sockets: are held by gonit itself");
const endings = new LeftOut("it has no counterpart", "restart: {success: [CODE]} lists codes that are a success");

function exec(key: ExecKey): SystemdRule {
  return (value, at, { commands, draft }) => {
    const found = value === "" ? [] : readCommands(value, at, draft);
    if (found === null) return;
    commands.set(key, value === "" ? [] : [...(commands.get(key) ?? []), ...found]);
  };
}

export const serviceRules: Rules<SystemdContext, string> = {
  BusName: bus,
  ExecCondition: exec("condition"),
  ExecReload: exec("reload"),
  ExecStart: exec("start"),
  ExecStartPost: exec("startPost"),
  ExecStartPre: exec("startPre"),
  ExecStop: exec("stop"),
  ExecStopPost: exec("stopPost"),
  FileDescriptorStoreMax: stored,
  FinalKillSignal: new LeftOut("the last signal is SIGKILL"),
  GuessMainPID: nothing,
  IgnoreSIGPIPE: nothing,
  KillMode: (value, at, { service, draft }) => {
    if (value === "process") service.put("stop", "kill", "process", at);
    else if (value === "mixed")
      draft.note(at, "SIGTERM reaches the whole tree, not the main process alone", "stop: {kill: process}");
    else if (value === "none") draft.note(at, "what runs is ended with its service");
  },
  KillSignal: entry("stop", "signal", signal),
  NonBlocking: stored,
  NotifyAccess: nothing,
  PIDFile: later,
  RemainAfterExit: later,
  ReloadSignal: later,
  Restart: (value, at, { service, draft }) => {
    const policies: { [value: string]: string } = { always: "always", "on-failure": "on-failure", no: "no" };
    const nearest = value === "on-success" ? "always" : "on-failure";
    if (policies[value] === undefined)
      draft.note(at, `there is no policy ${value}: it becomes ${nearest}`, "restart: no, on-failure, always");
    service.put("restart", "policy", policies[value] ?? nearest, at);
  },
  RestartForceExitStatus: endings,
  RestartKillSignal: new LeftOut("a restart stops with the same signal", "stop: {signal: NAME}"),
  RestartMaxDelaySec: entry("restart", "max_delay", time),
  RestartMode: nothing,
  RestartPreventExitStatus: endings,
  RestartSec: (value, at, { service }) => {
    const ms = readDuration(value);
    if (ms === null) return;
    service.put("restart", "delay", duration(ms), at);
    // The delay is the same each time there, unless steps say otherwise.
    service.put("restart", "backoff", new Raw("1"), at);
  },
  RestartSteps: (_, at, { service }) => {
    const { backoff: _same, ...rest } = service.map("restart");
    service.set("restart", rest, at);
  },
  RootDirectoryStartOnly: new LeftOut("each command has the same root"),
  RuntimeMaxSec: entry("timeout", "run", (value) => (value === "infinity" ? "off" : time(value))),
  SendSIGHUP: new LeftOut("one signal is sent", "stop: {signal: SIGHUP}"),
  SendSIGKILL: (value, at, { draft }) => {
    if (!isYes(value)) draft.note(at, "what does not end in its time is killed", "stop: {timeout: TIME}");
  },
  Sockets: nothing,
  SuccessExitStatus: (value, at, { service }) => {
    const codes = value.split(/\s+/).filter((code) => /^\d+$/.test(code) && code !== "0");
    const before = (service.map("restart").success as Data[] | undefined) ?? [new Raw("0")];
    // Signals of an end that gonit asked for are a success anyway.
    if (codes.length > 0) service.put("restart", "success", [...before, ...codes.map((code) => new Raw(code))], at);
  },
  TimeoutAbortSec: new LeftOut("there is one time limit for the end", "stop: {timeout: TIME}"),
  TimeoutSec: (value, at, context) => {
    limitOf("timeout", "start")(value, at, context);
    limitOf("stop", "timeout")(value, at, context);
  },
  TimeoutStartFailureMode: new LeftOut("a start that takes too long is stopped as everything is"),
  TimeoutStartSec: limitOf("timeout", "start"),
  TimeoutStopFailureMode: new LeftOut("what does not end in its time gets SIGKILL"),
  TimeoutStopSec: limitOf("stop", "timeout"),
  Type: later,
  USBFunctionDescriptors: stored,
  WatchdogSec: (value, at, { service }) => {
    const made = time(value);
    if (made !== null) service.set("watchdog", made, at);
  },
  WatchdogSignal: new LeftOut("a service that hangs is stopped as everything is", "stop: {signal: SIGABRT}"),
};

function limitOf(key: string, name: string): SystemdRule {
  return (value, at, { service, draft }) => {
    const made = time(value);
    if (made !== null) service.put(key, name, made, at);
    else
      draft.note(
        at,
        `every wait has a bound here: ${key}: {${name}: TIME} stays at its default`,
        `${key}: {${name}: 24h} is a long one`,
      );
  };
}

function signal(value: string): Data | null {
  const number = parseSignal(value);
  return typeof number === "number" ? formatSignal(number) : null;
}

/** Commands, type and readiness, which depend on each other. */
export function finishService(context: SystemdContext): void {
  const { service, last, draft, commands } = context;
  const known = knownVariables(context);
  for (const [key, list] of commands)
    commands.set(
      key,
      list.map((one) => withVariables(one, known)),
    );
  const type = last.get("Type")?.value ?? (commands.has("start") ? "simple" : "oneshot");
  const at = last.get("Type")?.at ?? service.at;
  if (type === "oneshot") service.set("type", "task", at);
  else if (type === "notify" || type === "notify-reload") service.set("ready", "notify", at);
  else if (type === "forking") finishForking(context, at);
  else if (type === "dbus") draft.leave(at, bus);
  else if (!/^(?:simple|exec|idle)$/.test(type)) draft.note(at, `there is no type ${type}`);
  if (type === "notify-reload")
    service.set("reload", signal(last.get("ReloadSignal")?.value ?? "SIGHUP") ?? "SIGHUP", at);
  finishStart(context, type === "oneshot");
  finishOthers(context, type === "oneshot");
  const restart = service.map("restart");
  const [only, ...more] = Object.keys(restart);
  if (only === "policy" && more.length === 0) service.values.restart = restart.policy as string;
}

/** Variables that are the same at each start. With an EnvironmentFile, whose values come later and win, none is. */
function knownVariables({ service }: SystemdContext): Map<string, string> {
  const known = new Map<string, string>();
  if (service.values.env_file !== undefined) return known;
  for (const [name, value] of Object.entries(service.map("environment")))
    if (typeof value === "string") known.set(name, value.replace(/\$\$(?=[{$])/g, "$"));
  return known;
}

function finishForking({ service, last }: SystemdContext, at: At): void {
  const file = last.get("PIDFile");
  service.set(
    "ready",
    "exit",
    at,
    file === undefined ? "It forks and its first process ends; a pid_file would tell its main one." : "",
  );
  if (file !== undefined) service.set("pid_file", literal(file.value), file.at);
}

function finishStart({ service, commands, draft }: SystemdContext, isTask: boolean): void {
  const start = commands.get("start") ?? [];
  const before = [...(commands.get("startPre") ?? []), ...(isTask ? start.slice(0, -1) : [])];
  const main = start.at(-1);
  for (const one of [...before, ...start]) {
    if (one.isPrivileged) draft.note(one.at, "it runs as the service's user", "a task of its own can run as root");
  }
  for (const one of before) service.add("pre_start", commandData(one), one.at);
  if (main === undefined) return;
  if (main.isForgiven)
    draft.note(main.at, "its failure is a failure", "restart: {success: [CODE]} lists codes that are none");
  if (!needsShell(main)) service.set("command", commandData({ ...main, isForgiven: false }), main.at);
  else {
    service.set(
      "command",
      `exec ${shellText(main)}`,
      main.at,
      "A shell puts the variables in, which only its environment has.",
    );
    service.set("shell", true, main.at);
  }
}

const signalCommand = /^(?:\/usr)?\/bin\/kill$/;

/** The signal of `kill -HUP $MAINPID`; null: it is another command. */
function killSignal({ words }: SystemdCommand): string | null {
  const [program = "", ...rest] = words;
  if (!signalCommand.test(program) || !/^(?:\ue002MAINPID|\ue000MAINPID\ue001)$/.test(rest.at(-1) ?? "")) return null;
  const text = rest
    .slice(0, -1)
    .join(" ")
    .replace(/^(?:-s |--signal[= ]|-)/, "");
  const made = signal(text === "" ? "TERM" : text);
  return typeof made === "string" ? made : null;
}

function finishOthers(context: SystemdContext, isTask: boolean): void {
  const { service, commands, draft } = context;
  const reload = commands.get("reload") ?? [];
  const reloadSignal = reload.length === 1 ? killSignal(reload[0] as SystemdCommand) : null;
  const [first] = reload;
  if (reloadSignal !== null) service.set("reload", reloadSignal, (first as SystemdCommand).at);
  else if (first !== undefined) service.set("reload", { command: commandsData(reload) }, first.at);
  finishStop(context, isTask);
  for (const one of commands.get("stopPost") ?? []) service.add("post_stop", commandData(one), one.at);
  for (const one of commands.get("startPost") ?? [])
    draft.note(one.at, "nothing runs when a service has started", "a task with depends_on: [NAME] does");
  for (const one of commands.get("condition") ?? [])
    draft.note(one.at, "a start is not skipped by a command", "pre_start makes it fail instead");
}

function finishStop({ service, commands, draft }: SystemdContext, isTask: boolean): void {
  const stop = commands.get("stop") ?? [];
  const [first] = stop;
  if (first === undefined) return;
  const sent = stop.length === 1 ? killSignal(first) : null;
  if (isTask) draft.note(first.at, "a task that has ended is not stopped", "post_stop runs after each of its runs");
  else if (sent !== null) service.put("stop", "signal", sent, first.at);
  else service.put("stop", "command", commandsData(stop), first.at);
}

/** The dependencies of what is wanted by a unit, as that unit's own. */
export function addWanted(service: DataMap, name: string, required: boolean): void {
  const list = [...((service.depends_on as Data[] | undefined) ?? [])];
  if (list.some((item) => item === name || (item as DataMap).name === name)) return;
  list.push(required ? name : { name, required: false });
  service.depends_on = list;
}
