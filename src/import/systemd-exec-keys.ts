/** Directives of systemd.exec(5) and systemd.resource-control(5): surroundings, limits, sandbox. */

import { type Data, Raw } from "../config/write-yaml.ts";
import { LeftOut, literal } from "./draft.ts";
import { nothing, type Rules } from "./rules.ts";
import { splitUnitWords } from "./systemd-command.ts";
import {
  entry,
  flag,
  isYes,
  later,
  type SystemdContext,
  type SystemdRule,
  size,
  text,
  wholeNumber,
  words,
} from "./systemd-context.ts";

const dynamicUser = new LeftOut("users are not made up", "add a user to the machine, and write user: NAME");
const calls = new LeftOut("lists of system calls have no counterpart", "sandbox: {seccomp: default}, or no-network");
const hardening = new LeftOut(
  "it has no counterpart",
  "sandbox: {read_only: true, no_new_privileges: true} and others do the like",
);
const paths = new LeftOut("single paths are not hidden or bound", "sandbox: {root: DIRECTORY} is another root");
const credentials = new LeftOut("there are no credentials", "env_file, or a file that only its user may read");
const scheduling = new LeftOut("it has no counterpart", "limits: {nice, cpu_weight, io_weight} say who comes first");
const cgroups = new LeftOut(
  "it has no counterpart",
  "limits: {memory, cpu, pids, cpu_weight, io_weight} are those that there are",
);
const processLimit = new LeftOut(
  "limits of single processes have no counterpart",
  "limits: {memory: SIZE, pids: NUMBER} hold for all together",
);
const terminalReset = new LeftOut("a terminal is reset by gonit itself");
const logFields = new LeftOut("lines carry the name of their service", "labels: {NAME: VALUE} are shown with it");

const runDirectory = directory("run");

export const execRules: Rules<SystemdContext, string> = {
  AmbientCapabilities: new LeftOut("what it may ever have is a list", "sandbox: {capabilities: [NAME]}"),
  BindPaths: paths,
  BindReadOnlyPaths: paths,
  CPUAffinity: scheduling,
  CPUQuota: entry("limits", "cpu", (value) => {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(value);
    return percent === null || Number(percent[1]) < 1 ? null : new Raw(String(Number(percent[1]) / 100));
  }),
  CPUSchedulingPolicy: scheduling,
  CPUSchedulingPriority: scheduling,
  CPUShares: entry("limits", "cpu_weight", (value) => {
    const weight = Math.round((Number(value) * 100) / 1024);
    return weight >= 1 && weight <= 10_000 ? new Raw(String(weight)) : null;
  }),
  CPUWeight: entry("limits", "cpu_weight", wholeNumber),
  CacheDirectory: directory("cache"),
  CacheDirectoryMode: later,
  CapabilityBoundingSet: (value, at, { service, draft }) => {
    if (value.startsWith("~"))
      draft.note(at, "single capabilities are not taken away", "sandbox: {capabilities: [NAME]} lists what is left");
    else {
      const names = value.split(/\s+/).filter((name) => name !== "");
      const before = (service.map("sandbox").capabilities as Data[] | undefined) ?? [];
      const more = names.map((name) => name.toLowerCase().replace(/^cap_/, ""));
      service.put("sandbox", "capabilities", [...before, ...more], at);
    }
  },
  ConfigurationDirectory: new LeftOut("there is no directory for configuration", "make it below /etc once"),
  // Also where it lists controllers, or none: all that there are is more than was asked for.
  Delegate: (value, at, { service }) => {
    if (!/^(?:0|no|n|false|f|off)$/i.test(value)) service.put("limits", "delegate", true, at);
  },
  DelegateSubgroup: new LeftOut(
    "the program starts in the cgroup itself",
    "a shell as its command can move it: echo 0 > …/cgroup.procs",
  ),
  DeviceAllow: hardening,
  DevicePolicy: hardening,
  DynamicUser: (value, at, { draft }) => {
    if (isYes(value)) draft.leave(at, dynamicUser);
  },
  Environment: (value, at, { service, draft }) => {
    const list = splitUnitWords(value);
    if (list === null) draft.note(at, "it cannot be split into NAME=VALUE", "close the quote");
    else if (list.length === 0) service.remove("environment");
    else {
      const map = service.map("environment");
      for (const pair of list) {
        const equals = pair.indexOf("=");
        if (equals > 0) map[pair.slice(0, equals)] = literal(pair.slice(equals + 1));
      }
      service.set("environment", map, at);
    }
  },
  EnvironmentFile: (value, at, { service, draft }) => {
    const path = value.replace(/^-/, "");
    if (value === "") service.remove("env_file");
    else if (/[*?[]/.test(path)) draft.note(at, "patterns of files are not read", "env_file: [PATH, PATH]");
    else service.add("env_file", value.startsWith("-") ? { path: literal(path), required: false } : literal(path), at);
  },
  Group: text("group"),
  IOAccounting: nothing,
  IOReadBandwidthMax: cgroups,
  IOSchedulingClass: scheduling,
  IOSchedulingPriority: scheduling,
  IOWeight: entry("limits", "io_weight", wholeNumber),
  IOWriteBandwidthMax: cgroups,
  IPAddressAllow: hardening,
  IPAddressDeny: hardening,
  InaccessiblePaths: paths,
  LimitAS: processLimit,
  LimitCORE: entry("limits", "core", (value) =>
    value === "infinity" ? "unlimited" : (wholeNumber(soft(value)) ?? size(value)),
  ),
  LimitCPU: processLimit,
  LimitDATA: processLimit,
  LimitFSIZE: processLimit,
  LimitMEMLOCK: processLimit,
  LimitNOFILE: entry("limits", "files", (value) => new Raw(soft(value) === "infinity" ? "1073741816" : soft(value))),
  LimitNPROC: processLimit,
  LimitRTPRIO: processLimit,
  LimitSTACK: processLimit,
  LoadCredential: credentials,
  LockPersonality: hardening,
  LogExtraFields: logFields,
  LogRateLimitBurst: new LeftOut("lines are not dropped by number", "logs: {max_size, keep} bound what is kept"),
  LogsDirectory: directory("logs"),
  LogsDirectoryMode: later,
  MemoryAccounting: nothing,
  MemoryDenyWriteExecute: hardening,
  MemoryHigh: bound("memory_high"),
  MemoryLimit: bound("memory"),
  MemoryLow: cgroups,
  MemoryMax: bound("memory"),
  MemoryMin: cgroups,
  MemorySwapMax: cgroups,
  Nice: entry("limits", "nice", wholeNumber),
  NoNewPrivileges: flag("sandbox", "no_new_privileges"),
  OOMPolicy: new LeftOut("who is killed is the kernel's choice", "limits: {oom_score_adj: NUMBER} has a say in it"),
  OOMScoreAdjust: entry("limits", "oom_score_adj", wholeNumber),
  PAMName: new LeftOut("no session is opened through PAM"),
  PassEnvironment: words("inherit_environment"),
  PrivateDevices: (value, at, { draft }) => {
    if (isYes(value)) draft.leave(at, hardening);
  },
  PrivateIPC: namespace("ipc"),
  PrivateMounts: namespace("mount"),
  PrivateNetwork: flag("sandbox", "private_network"),
  PrivatePIDs: namespace("pid"),
  PrivateTmp: flag("sandbox", "private_tmp"),
  PrivateUsers: hardening,
  ProcSubset: hardening,
  ProtectClock: hardening,
  ProtectControlGroups: hardening,
  ProtectHome: hardening,
  ProtectHostname: namespace("uts"),
  ProtectKernelLogs: hardening,
  ProtectKernelModules: hardening,
  ProtectKernelTunables: hardening,
  ProtectProc: hardening,
  ProtectSystem: (value, at, { service }) => {
    if (value === "strict") service.put("sandbox", "read_only", true, at);
    else if (value === "full") service.put("sandbox", "read_only", ["/usr", "/boot", "/etc"], at);
    else if (isYes(value)) service.put("sandbox", "read_only", ["/usr", "/boot"], at);
  },
  ReadOnlyPaths: (value, at, { service }) => {
    const before = service.map("sandbox").read_only;
    if (before === true || value === "") return;
    service.put("sandbox", "read_only", [...((before as Data[] | undefined) ?? []), ...pathList(value)], at);
  },
  ReadWritePaths: later,
  RemoveIPC: nothing,
  RestrictAddressFamilies: calls,
  RestrictNamespaces: calls,
  RestrictRealtime: hardening,
  RestrictSUIDSGID: hardening,
  RootDirectory: entry("sandbox", "root", literal),
  RootImage: new LeftOut("images are not mounted", "sandbox: {root: DIRECTORY}"),
  RuntimeDirectory: runDirectory,
  RuntimeDirectoryMode: later,
  RuntimeDirectoryPreserve: new LeftOut("it is removed when the service has ended", "directories: {state: NAME} stays"),
  SecureBits: hardening,
  SetCredential: credentials,
  Slice: new LeftOut("services are in no slices"),
  StandardError: later,
  StandardInput: later,
  StandardOutput: later,
  StateDirectory: directory("state"),
  StateDirectoryMode: later,
  SupplementaryGroups: words("groups"),
  SyslogFacility: logFields,
  SyslogIdentifier: logFields,
  SyslogLevel: logFields,
  SystemCallArchitectures: calls,
  SystemCallErrorNumber: calls,
  SystemCallFilter: calls,
  TTYPath: later,
  TTYReset: terminalReset,
  TTYVHangup: terminalReset,
  TTYVTDisallocate: terminalReset,
  TasksAccounting: nothing,
  TasksMax: bound("pids"),
  TemporaryFileSystem: paths,
  TimerSlackNSec: scheduling,
  UMask: text("umask"),
  UnsetEnvironment: new LeftOut(
    "variables are not taken away one by one",
    "inherit_environment: [NAME] lists what is passed on",
  ),
  User: text("user"),
  UtmpIdentifier: terminalReset,
  WorkingDirectory: (value, at, { service, draft }) => {
    const path = value.replace(/^-/, "");
    if (path === "~") draft.note(at, "the user's home is not looked up", "write directory: PATH");
    else if (path !== "") service.set("directory", literal(path), at);
  },
};

/** SOFT:HARD is told as SOFT, which programs begin with. */
function soft(value: string): string {
  return value.replace(/:.*$/, "");
}

function bound(name: string): SystemdRule {
  const set = entry("limits", name, name === "pids" ? wholeNumber : size);
  return (value, at, context) => {
    if (value !== "infinity") set(value, at, context);
  };
}

function namespace(name: string): SystemdRule {
  return (value, at, { service }) => {
    const before = (service.map("sandbox").namespaces as Data[] | undefined) ?? [];
    if (isYes(value)) service.put("sandbox", "namespaces", [...before, name], at);
  };
}

function directory(name: string): SystemdRule {
  return (value, at, { service, draft }) => {
    const before = (service.map("directories")[name] as Data[] | undefined) ?? [];
    for (const word of value.split(/\s+/).filter((one) => one !== "")) {
      const [path = "", link] = word.split(":");
      if (link !== undefined) draft.note(at, `no link ${link} is made`, "make it once");
      before.push(literal(path));
    }
    service.put("directories", name, before, at);
  };
}

function pathList(value: string): string[] {
  return value
    .split(/\s+/)
    .filter((path) => path !== "")
    .map((path) => literal(path.replace(/^[-+]*/, "")));
}

/** What needs several directives: modes of directories, writable paths, standard input and output. */
export function finishExec(context: SystemdContext): void {
  const { service, last, draft } = context;
  for (const [name, key] of [
    ["run", "RuntimeDirectoryMode"],
    ["state", "StateDirectoryMode"],
    ["cache", "CacheDirectoryMode"],
    ["logs", "LogsDirectoryMode"],
  ] as const) {
    const list = service.map("directories")[name] as string[] | undefined;
    const mode = last.get(key);
    if (list === undefined) continue;
    const made: Data[] = mode === undefined ? list : list.map((path) => ({ name: path, mode: mode.value }));
    service.put("directories", name, made.length === 1 ? (made[0] as Data) : made, service.at);
  }
  const writable = last.get("ReadWritePaths");
  if (writable !== undefined && service.map("sandbox").read_only === true)
    service.put("sandbox", "writable", pathList(writable.value), writable.at);
  else if (writable !== undefined)
    draft.note(writable.at, "nothing but ProtectSystem=strict makes paths writable here");
  finishInput(context);
  finishOutput(context);
}

function finishInput({ service, last, draft }: SystemdContext): void {
  const input = last.get("StandardInput");
  if (input === undefined) return;
  const { value, at } = input;
  const device = last.get("TTYPath")?.value;
  if (value.startsWith("tty")) service.set("tty", device === undefined ? true : literal(device), at);
  else if (value.startsWith("file:")) service.set("stdin", { file: literal(value.slice(5)) }, at);
  else if (value !== "null") draft.note(at, `${value} is no standard input here`, "stdin: {file: PATH}");
}

function finishOutput({ service, last, draft }: SystemdContext): void {
  const output = last.get("StandardOutput");
  const errors = last.get("StandardError");
  const path = (value: string) => /^(?:file|append|truncate):(.+)$/.exec(value)?.[1];
  if (output !== undefined) {
    const { value, at } = output;
    const file = path(value);
    if (file !== undefined) service.put("logs", "to", literal(file), at);
    else if (value === "null") service.put("logs", "to", "none", at);
    else if (value.endsWith("+console")) service.put("logs", "to", "console", at);
    else if (!/^(?:inherit|journal|syslog|kmsg|tty)$/.test(value)) draft.note(at, `${value} is no place for logs here`);
  }
  const own = errors === undefined ? undefined : path(errors.value);
  if (errors !== undefined && own !== undefined && own !== path(output?.value ?? ""))
    draft.note(
      errors.at,
      "standard error has no path of its own",
      "logs: {to: PATH, stderr: separate} writes a second file",
    );
  const logs = service.map("logs");
  if (Object.keys(logs).length === 1) service.values.logs = logs.to as string;
}
