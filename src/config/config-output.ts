/** The merged configuration with all defaults as YAML: what `gonit config` prints, and what loads to the same plan. */

import type { InterfaceSettings, NetworkingSettings, TerminalSettings } from "../engine/builtin-settings.ts";
import type {
  CommandPlan,
  DirectoriesPlan,
  HealthPlan,
  LimitsPlan,
  MachinePlan,
  MountPlan,
  Plan,
  ProbePlan,
  ReadyPlan,
  RestartPlan,
  SandboxPlan,
  SchedulePlan,
  ServicePlan,
  SocketPlan,
} from "../engine/plan.ts";
import { families } from "../engine/replicas.ts";
import { formatCapability } from "./capabilities.ts";
import { watchDefault } from "./defaults.ts";
import { formatDuration } from "./duration.ts";
import { escapeDollars } from "./expand.ts";
import { type ImagePlan, imageData } from "./image-plan.ts";
import { formatMode } from "./mode.ts";
import { isMachineTask, machineService } from "./plan-machine.ts";
import { formatSignal } from "./signals.ts";
import { formatSize } from "./size.ts";
import { type Data, Raw, writeYaml } from "./write-yaml.ts";

type DataMap = { [key: string]: Data };

export function configText(plan: Plan, image: ImagePlan | null = null): string {
  const map: DataMap = {};
  addText(map, "version", plan.version);
  addText(map, "title", plan.title);
  addText(map, "description", plan.description);
  addText(map, "hostname", plan.hostname);
  if (plan.watchConfig !== watchDefault(plan.role)) map.watch_config = plan.watchConfig;
  if (plan.shutdownTimeoutMs !== null) map.shutdown = { timeout: duration(plan.shutdownTimeoutMs) };
  const { directory, maxTotalBytes } = plan.logs;
  if (directory !== "" || maxTotalBytes !== null) {
    const logs: DataMap = {};
    addText(logs, "directory", directory);
    if (maxTotalBytes !== null) logs.max_total = size(maxTotalBytes);
    map.logs = logs;
  }
  if (image !== null) map.image = imageData(image, text, size);
  if (plan.watchdogMs !== undefined) map.watchdog = duration(plan.watchdogMs);
  if (plan.machine !== undefined) addMachine(map, plan.machine);
  addBuiltins(map, plan);
  map.services = families(plan.services.filter((service) => !isMachineTask(service))).map(({ service, replicas }) =>
    replicas === 0 ? serviceData(service) : { ...serviceData(service), replicas: new Raw(String(replicas)) },
  );
  return writeYaml(map);
}

function addMachine(map: DataMap, { modules, sysctl, mounts }: MachinePlan): void {
  if (modules.length > 0)
    map.modules = modules.map(({ name, options }) => ({ name: text(name), options: text(options) }));
  if (Object.keys(sysctl).length > 0) map.sysctl = textMap(sysctl);
  if (mounts.length > 0) map.mounts = mounts.map(mountData);
}

function mountData({ source, target, type, options, ...flags }: MountPlan): Data {
  const map: DataMap = {};
  addText(map, "source", source);
  map.target = text(target);
  addText(map, "type", type);
  return { ...map, options: options.map(text), ...flags };
}

function serviceData(service: ServicePlan): DataMap {
  const map: DataMap = { name: service.name };
  addText(map, "description", service.description);
  map.enabled = service.enabled;
  if (service.tags.length > 0) map.tags = service.tags.map(text);
  if (Object.keys(service.labels).length > 0) map.labels = textMap(service.labels);
  map.type = service.type;
  if (service.runs > 1) map.runs = new Raw(String(service.runs));
  if (service.schedule !== null) addSchedule(map, service.schedule);
  // A built-in is what a service of this name without a command runs.
  if (service.command !== null && service.command.builtin === null) map.command = commandData(service.command);
  if (service.preStart.length > 0) map.pre_start = service.preStart.map(commandData);
  const postStop = service.postStop.filter(({ builtin }) => builtin === null);
  if (postStop.length > 0) map.post_stop = postStop.map(commandData);
  map.directory = text(service.directory);
  addText(map, "user", service.user);
  addText(map, "group", service.group);
  if (service.groups !== null) map.groups = service.groups.map(text);
  map.umask = new Raw(formatMode(service.umask));
  if (service.directories !== null) map.directories = directoriesData(service.directories);
  if (service.limits !== null) map.limits = limitsData(service.limits);
  if (service.sandbox !== null) map.sandbox = sandboxData(service.sandbox);
  if (service.watch.length > 0) map.watch = service.watch.map(text);
  if (service.sockets.length > 0) map.sockets = service.sockets.map(socketData);
  if (service.tty !== null) map.tty = service.tty.device === "" ? "pty" : text(service.tty.device);
  if (service.stdin !== "") map.stdin = { file: text(service.stdin) };
  else if (service.stdinFrom !== "") map.stdin = { from: text(service.stdinFrom) };
  else if (service.tty?.stdin === false) map.stdin = new Raw("null");
  const inherited = service.inheritEnvironment;
  map.inherit_environment = typeof inherited === "string" ? inherited : inherited.map(text);
  if (Object.keys(service.environment).length > 0) map.environment = textMap(service.environment);
  const files = service.environmentFiles;
  if (files.length > 0) map.env_file = files.map(({ path, required }) => ({ path: text(path), required }));
  addRelations(map, service);
  map.ready = readyData(service.ready);
  addText(map, "pid_file", service.pidFile);
  if (service.health !== null) map.health = healthData(service.health);
  if (service.watchdogMs !== null) map.watchdog = duration(service.watchdogMs);
  map.restart = restartData(service.restart);
  map.critical = service.critical === "no" ? false : service.critical;
  map.timeout = {
    start: duration(service.startTimeoutMs),
    run: service.runTimeoutMs === null ? "off" : duration(service.runTimeoutMs),
  };
  map.stop = stopData(service);
  map.reload = reloadData(service);
  map.logs = logsData(service);
  return map;
}

function addSchedule(map: DataMap, plan: SchedulePlan): void {
  map.schedule = text(plan.text);
  if (plan.kind === "cron") map.timezone = text(plan.timezone);
  map.jitter = duration(plan.jitterMs);
  if (plan.kind !== "every") map.missed = plan.missed;
  map.overlap = plan.overlap;
}

/** What stands in the plan of the built-in services is a key of the file. */
function addBuiltins(map: DataMap, { services }: Plan): void {
  for (const { command } of services) {
    const settings = command?.settings;
    if (settings === undefined || "mounts" in settings) continue;
    if ("interfaces" in settings) map.networking = networkingData(settings);
    else if (settings.terminals !== null) map.terminals = settings.terminals.map(terminalData);
  }
}

function networkingData({ interfaces, automatic, dns, search }: NetworkingSettings): Data {
  const map: DataMap = {};
  if (!automatic) map.interfaces = Object.fromEntries(interfaces.map((one) => [one.name, interfaceData(one)]));
  if (dns.length > 0) map.dns = dns;
  if (search.length > 0) map.search = search;
  return map;
}

function interfaceData({ dhcp, addresses, gateways, dns, mtu, optional }: InterfaceSettings): Data {
  const map: DataMap = { dhcp, addresses: addresses.map((one) => one.text), optional };
  if (gateways.length > 0) map.gateway = gateways.map((one) => one.text);
  if (dns.length > 0) map.dns = dns;
  if (mtu !== null) map.mtu = new Raw(String(mtu));
  return map;
}

function terminalData({ device, speed, login, user, message }: TerminalSettings): Data {
  const map: DataMap = { device: text(device), login: login === "autologin" ? `autologin ${user}` : login };
  if (speed !== null) map.speed = new Raw(String(speed));
  if (message !== null) map.message = text(message);
  return map;
}

function directoriesData(plan: DirectoriesPlan): Data {
  const map: DataMap = {};
  for (const kind of ["run", "state", "cache", "logs"] as const)
    if (plan[kind].length > 0)
      map[kind] = plan[kind].map(({ name, mode }) => ({ name: text(name), mode: new Raw(formatMode(mode)) }));
  return map;
}

function sandboxData(plan: SandboxPlan): Data {
  const map: DataMap = {};
  if (plan.namespaces.length > 0) map.namespaces = plan.namespaces;
  if (plan.userNamespace) map.user_namespace = true;
  addText(map, "root", plan.root);
  if (plan.readOnly) map.read_only = true;
  if (plan.readOnlyPaths.length > 0) map.read_only = plan.readOnlyPaths.map(text);
  if (plan.writable.length > 0) map.writable = plan.writable.map(text);
  if (plan.privateTmp) map.private_tmp = true;
  if (plan.capabilities !== null) map.capabilities = plan.capabilities.map(formatCapability);
  if (plan.noNewPrivileges) map.no_new_privileges = true;
  addText(map, "seccomp", plan.seccomp);
  return map;
}

function socketData({ name, kind, address, port, mode, user, backlog, lazy }: SocketPlan): Data {
  const isUnix = kind === "unix";
  const place = isUnix ? address : `${kind === "udp" ? "udp:" : ""}${hostPort({ host: address, port })}`;
  const map: DataMap = { name: text(name), listen: text(place) };
  if (isUnix && !address.startsWith("@")) {
    map.mode = new Raw(formatMode(mode));
    addText(map, "user", user);
  }
  return { ...map, backlog: new Raw(String(backlog)), lazy };
}

function limitsData(plan: LimitsPlan): Data {
  const map: DataMap = {};
  const add = (
    key: string,
    value: number | null,
    shown: (value: number) => Data = (number) => new Raw(String(number)),
  ) => {
    if (value !== null) map[key] = shown(value);
  };
  add("memory", plan.memoryBytes, size);
  add("memory_high", plan.memoryHighBytes, size);
  add("cpu", plan.cpu);
  add("cpu_weight", plan.cpuWeight);
  add("io_weight", plan.ioWeight);
  add("pids", plan.pids);
  add("files", plan.files);
  add("core", plan.coreBytes, (bytes) => (bytes < 0 ? "unlimited" : size(bytes)));
  add("nice", plan.nice);
  add("oom_score_adj", plan.oomScoreAdj);
  if (plan.delegate === true) map.delegate = true;
  return map;
}

function addRelations(map: DataMap, { dependsOn, after, conflicts }: ServicePlan): void {
  // Everything waits for the machine's task, which nobody writes down.
  const written = dependsOn.filter(({ name, wait, restart }) => name !== machineService || wait !== "done" || restart);
  if (written.length > 0) {
    map.depends_on = written.map(({ name, wait, required, restart }) => ({ name, wait, required, restart }));
  }
  if (after.length > 0) map.after = after;
  if (conflicts.length > 0) map.conflicts = conflicts;
}

function readyData(ready: ReadyPlan): Data {
  switch (ready.kind) {
    case "started":
    case "notify":
    case "exit":
      return ready.kind;
    case "fd":
      return { fd: new Raw(String(ready.fd)) };
    case "log":
      return { log: text(ready.regularExpression ? `/${ready.text}/` : ready.text) };
    default:
      return { ...probeData(ready), interval: duration(ready.intervalMs), timeout: duration(ready.timeoutMs) };
  }
}

function probeData(probe: ProbePlan): DataMap {
  switch (probe.kind) {
    case "exec":
      return { exec: commandData(probe.command) };
    case "tcp":
      return { tcp: hostPort(probe) };
    case "http": {
      const map: DataMap = { url: text(`http://${hostPort(probe)}${probe.target}`) };
      if (probe.status.length > 0) map.status = probe.status.map((code) => new Raw(String(code)));
      if (Object.keys(probe.headers).length > 0) map.headers = textMap(probe.headers);
      return { http: map };
    }
    default:
      return { [probe.kind]: text(probe.path) };
  }
}

function hostPort({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function healthData({ probe, intervalMs, failures, startPeriodMs, action }: HealthPlan): Data {
  return {
    ...probeData(probe),
    interval: duration(intervalMs),
    start_interval: duration(probe.intervalMs),
    timeout: duration(probe.timeoutMs),
    failures: new Raw(String(failures)),
    start_period: duration(startPeriodMs),
    action,
  };
}

function restartData(restart: RestartPlan): Data {
  return {
    policy: restart.policy,
    delay: duration(restart.delayMs),
    backoff: new Raw(String(restart.factor)),
    max_delay: duration(restart.delayMsMax),
    jitter: new Raw(String(restart.jitter)),
    reset_after: duration(restart.resetAfterMs),
    limit: restart.limit === null ? "off" : `${restart.limit.count} in ${formatDuration(restart.limit.windowMs)}`,
    on_limit: restart.onLimit,
    success: restart.success.map((code) => new Raw(String(code))),
  };
}

function stopData({ stop }: ServicePlan): Data {
  const map: DataMap = { signal: formatSignal(stop.signal) };
  if (stop.command !== null) map.command = commandData(stop.command);
  map.timeout = duration(stop.timeoutMs);
  map.kill = stop.kill;
  return map;
}

function reloadData({ reload }: ServicePlan): Data {
  if (reload.kind === "restart") return "restart";
  return reload.kind === "signal" ? formatSignal(reload.signal) : { command: commandData(reload.command) };
}

/** A pty has one output: there is no other to be kept apart. */
function logsData({ logs, tty }: ServicePlan): Data {
  return {
    to: logs.to === "file" ? text(logs.path) : logs.to,
    ...(tty?.device === "" && logs.stderr === "separate" ? {} : { stderr: logs.stderr }),
    prefix: logs.prefix,
    max_size: size(logs.maxSizeBytes),
    keep: new Raw(String(logs.keep)),
    sync: duration(logs.syncMs),
    format: logs.format,
    line_limit: size(logs.lineLimitBytes),
    ...(logs.rateBytes === 0 ? {} : { rate: size(logs.rateBytes) }),
  };
}

function commandData({ argv }: CommandPlan): Data {
  return argv.map(text);
}

function textMap(values: Record<string, string>): DataMap {
  const map: DataMap = Object.create(null);
  // Sorted, since files and the configuration give them in another order when this is read again.
  for (const name of Object.keys(values).sort()) map[name] = text(values[name] as string);
  return map;
}

function addText(map: DataMap, key: string, value: string): void {
  if (value !== "") map[key] = text(value);
}

/** Values are expanded when they are read again; keys are not. */
function text(value: string): string {
  return escapeDollars(value);
}

function duration(ms: number): Raw {
  return new Raw(formatDuration(ms));
}

function size(bytes: number): Raw {
  return new Raw(formatSize(bytes));
}
