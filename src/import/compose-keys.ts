/** The keys of a service in compose.yaml. */

import type { MapNode, YamlNode } from "../config/node.ts";
import { type Data, Raw } from "../config/write-yaml.ts";
import { commandOf, splitWords } from "./command-words.ts";
import { type ComposeContext, putDuration, putSize, replicas } from "./compose-context.ts";
import { composeDeploy, restartPolicy } from "./compose-deploy.ts";
import { healthcheck } from "./compose-health.ts";
import { composeText, composeWords, imageCommand } from "./compose-texts.ts";
import { type At, type DataMap, type Draft, LeftOut, type ServiceDraft } from "./draft.ts";
import { number } from "./durations.ts";
import { withReferences } from "./references.ts";
import { nothing, type Rules } from "./rules.ts";
import { atNode, entriesOf, isNull, isTrue, pairsOf, textOf, textsOf, valueAt } from "./yaml-values.ts";

const image = new LeftOut("gonit runs programs of this system, not images", "install what the image holds");
const network = new LeftOut("services share the machine's network and names", "programs find each other at 127.0.0.1");
const files = new LeftOut("programs see the machine's files", "write the paths that they have on the machine");
const devices = new LeftOut("programs see the machine's devices, as far as their user may");
const machine = new LeftOut(
  "it belongs to the machine, not to a service",
  "sysctl: and hostname: are keys of the file",
);
const runtime = new LeftOut("there is no container runtime");
const cgroup = new LeftOut("gonit makes the cgroups itself", "limits: says how much a service may take");
const cpus = new LeftOut("it has no counterpart", "limits: {cpu: CORES, cpu_weight: 1 to 10000}");
const memory = new LeftOut("it has no counterpart", "limits: {memory: SIZE, memory_high: SIZE}");
const hook = new LeftOut(
  "commands beside a running service have no counterpart",
  "pre_start and post_stop run before and after",
);

/** All keys that the specification has for a service. */
export const composeRules: Rules<ComposeContext, YamlNode> = {
  annotations: (value, at, context) => addLabels(value, at, context),
  attach: nothing,
  blkio_config: new LeftOut("limits of devices have no counterpart", "limits: {io_weight: 1 to 10000}"),
  build: image,
  cap_add: nothing,
  cap_drop: capabilities,
  cgroup,
  cgroup_parent: cgroup,
  command: nothing,
  configs: files,
  container_name: nothing,
  cpu_count: cpus,
  cpu_percent: cpus,
  cpu_period: cpus,
  cpu_quota: cpus,
  cpu_rt_period: cpus,
  cpu_rt_runtime: cpus,
  cpu_shares: (value, at, { service }) => {
    const shares = Number(textOf(value));
    // 1024 shares are the usual weight of 100.
    if (shares > 0)
      service.put("limits", "cpu_weight", number(bounded(Math.round((shares * 100) / 1024), 1, 10_000)), at);
  },
  cpus: (value, at, { service }) => {
    if (Number(textOf(value)) >= 0.01) service.put("limits", "cpu", new Raw(textOf(value) ?? ""), at);
  },
  cpuset: cpus,
  credential_spec: runtime,
  depends_on: nothing,
  deploy: (value, at, context) => composeDeploy(value, at, context),
  develop: new LeftOut("files are not copied into a container", "watch: [PATH] restarts a service when a file changes"),
  device_cgroup_rules: devices,
  devices,
  dns: network,
  dns_opt: network,
  dns_search: network,
  domainname: machine,
  driver_opts: network,
  entrypoint: nothing,
  env_file: envFiles,
  environment: (value, at, { service, draft }) => {
    const map = service.map("environment");
    for (const pair of pairsOf(value, at.key)) {
      // Without a value it is handed on from the environment of whoever starts it.
      map[pair.name] = pair.value === null ? `\${${pair.name}:-}` : composeText(pair.value, pair.at, draft);
    }
    if (Object.keys(map).length > 0) service.set("environment", map, at);
  },
  expose: nothing,
  extends: nothing,
  external_links: network,
  extra_hosts: new LeftOut("names are the machine's", "write the line into /etc/hosts"),
  gpus: devices,
  group_add: (value, at, { service, draft }) =>
    service.set(
      "groups",
      textsOf(value).map((text) => composeText(text, at, draft)),
      at,
    ),
  healthcheck,
  hostname: machine,
  image,
  init: nothing,
  ipc: (value, at, { service, draft }) => {
    const mode = textOf(value);
    if (mode === "private" || mode === "none") addNamespace(service, "ipc", at);
    else if (mode !== "host" && mode !== "shareable") draft.leave(at, runtime);
  },
  isolation: runtime,
  label_file: new LeftOut("labels are not read from files", "labels: {NAME: VALUE}"),
  labels: (value, at, context) => addLabels(value, at, context),
  links: nothing,
  logging,
  mac_address: network,
  mem_limit: (value, at, { service }) => putSize(service, "memory", textOf(value), at),
  mem_reservation: memory,
  mem_swappiness: memory,
  memswap_limit: memory,
  models: new LeftOut("gonit does not provide models"),
  network_mode: (value, at, { service, draft }) => {
    const mode = textOf(value);
    if (mode === "none") service.put("sandbox", "private_network", true, at);
    else if (mode !== "host" && mode !== "bridge") draft.leave(at, network);
  },
  networks: network,
  oom_kill_disable: memory,
  oom_score_adj: (value, at, { service }) => {
    if (/^-?\d+$/.test(textOf(value) ?? "")) service.put("limits", "oom_score_adj", new Raw(textOf(value) ?? ""), at);
  },
  pid: (value, at, { draft }) => {
    if (textOf(value) !== "host") draft.leave(at, runtime);
  },
  pids_limit: (value, at, { service }) => {
    if (Number(textOf(value)) > 0) service.put("limits", "pids", new Raw(textOf(value) ?? ""), at);
  },
  platform: image,
  ports: new LeftOut(
    "programs listen on the machine's own ports",
    "let the program itself listen on the port that is published",
  ),
  post_start: hook,
  pre_stop: hook,
  privileged: nothing,
  profiles: (value, at, { service }) => {
    const names = textsOf(value).filter((name) => /^[\w.-]+$/.test(name));
    if (names.length === 0) return;
    service.set("enabled", false, at, "It belongs to a profile: gonit start tag:NAME starts it.");
    for (const name of names) service.add("tags", name, at);
  },
  provider: runtime,
  pull_policy: image,
  pull_refresh_after: image,
  read_only: (value, at, { service }) => {
    if (isTrue(value)) service.put("sandbox", "read_only", true, at);
  },
  restart: (value, at, { service, draft }) => restartPolicy(textOf(value) ?? "no", at, service, draft),
  runtime,
  scale: (value, at, { service }) => replicas(textOf(value), at, service),
  secrets: files,
  security_opt: (value, at, { service, draft }) => {
    for (const option of textsOf(value)) {
      if (/^no-new-privileges(?:[:=]true)?$/.test(option)) service.put("sandbox", "no_new_privileges", true, at);
      else draft.note(at, `${option} has no counterpart`, "sandbox: {seccomp: default} is a profile of gonit's own");
    }
  },
  shm_size: files,
  stdin_open: (value, at, { node, draft }) => {
    if (isTrue(value) && !isTrue(valueAt(node, "tty")))
      draft.note(at, "standard input is empty", "stdin: {file: PATH}, or tty: true");
  },
  stop_grace_period: (value, at, { service }) => putDuration(service, "stop", "timeout", textOf(value), at),
  stop_signal: (value, at, { service, draft }) =>
    service.put("stop", "signal", composeText(textOf(value) ?? "TERM", at, draft), at),
  storage_opt: runtime,
  sysctls: machine,
  tmpfs: (value, at, { service, draft }) => {
    const paths = textsOf(value).map((text) => text.replace(/:.*$/, ""));
    if (paths.some((path) => /^\/(?:var\/)?tmp\/?$/.test(path))) service.put("sandbox", "private_tmp", true, at);
    const others = paths.filter((path) => !/^\/(?:var\/)?tmp\/?$/.test(path));
    if (others.length > 0)
      draft.note(at, `${others.join(", ")} is not mounted for the service alone`, "mounts: is for a machine");
  },
  tty: (value, at, { service }) => {
    if (isTrue(value)) service.set("tty", true, at);
  },
  ulimits,
  use_api_socket: runtime,
  user: (value, at, { service, draft }) => {
    const [user = "", group] = (textOf(value) ?? "").split(":");
    if (user !== "") service.set("user", composeText(user, at, draft), at);
    if (group !== undefined) service.set("group", composeText(group, at, draft), at);
  },
  userns_mode: runtime,
  uts: runtime,
  volumes: files,
  volumes_from: files,
  working_dir: (value, at, { service, draft }) =>
    service.set("directory", composeText(textOf(value) ?? "/", at, draft), at),
};

/** What needs several keys: the command, and dependencies, whose forms depend on what others are. */
export function finishService(context: ComposeContext, tasks: ReadonlySet<string>, names: Map<string, string>): void {
  const { node, service, name, draft } = context;
  finishCommand(context);
  if (tasks.has(name)) service.set("type", "task", service.at, "Others wait until it has ended with success.");
  const found = valueAt(node, "depends_on");
  const at = found === null ? service.at : atNode(found, `services.${name}.depends_on`);
  for (const { other, condition, required, where } of [...dependencies(found, at), ...links(node, at)]) {
    const target = names.get(other);
    if (target === undefined) {
      draft.note(where, `there is no service ${other}`);
      continue;
    }
    const wait = waitFor(condition, tasks.has(other));
    const plain = wait === null && required;
    const map: DataMap = { name: target };
    if (wait !== null) map.wait = wait;
    if (!required) map.required = false;
    service.add("depends_on", plain ? target : map, where);
  }
}

interface Dependency {
  other: string;
  condition: string;
  required: boolean;
  where: At;
}

function dependencies(found: YamlNode | null, at: At): Dependency[] {
  if (found?.kind !== "map") {
    return textsOf(found).map((other) => ({ other, condition: "service_started", required: true, where: at }));
  }
  return entriesOf(found, at.key).map(({ key, value, at: where }) => ({
    other: key,
    condition: textOf(valueAt(value, "condition")) ?? "service_started",
    required: valueAt(value, "required") === null || isTrue(valueAt(value, "required")),
    where,
  }));
}

function links(node: MapNode, at: At): Dependency[] {
  return textsOf(valueAt(node, "links")).map((text) => ({
    other: text.replace(/:.*$/, ""),
    condition: "service_started",
    required: true,
    where: at,
  }));
}

/** null: what gonit waits for by itself. */
function waitFor(condition: string, isTask: boolean): string | null {
  if (condition === "service_healthy") return "healthy";
  if (condition === "service_completed_successfully") return null;
  return isTask ? "started" : null;
}

function finishCommand({ node, service, draft, name }: ComposeContext): void {
  const entrypoint = wordsOf(node, "entrypoint", name, draft);
  const words = wordsOf(node, "command", name, draft);
  const whole = [...(entrypoint ?? []), ...(words ?? [])];
  const [first = "-"] = whole;
  if (!first.startsWith("-")) {
    service.set("command", withReferences(commandOf(whole)), service.at);
    return;
  }
  // Options alone are for the program that the image runs.
  const at = atNode(valueAt(node, "image") ?? valueAt(node, "build") ?? node, `services.${name}.command`);
  const written = textOf(valueAt(node, "image")) ?? name;
  const { command, isKnown } = imageCommand(written);
  const remark = isKnown
    ? `What the image ${written} runs, as its documentation says.`
    : "The command is the image's: write what it runs.";
  const program = whole.length === 0 ? command : withReferences(commandOf([...(splitWords(command) ?? []), ...whole]));
  service.set("command", program, at, remark);
  if (!isKnown)
    draft.note(at, `what ${written} runs is said in the image, not here`, `write it in place of command: ${command}`);
}

function wordsOf(node: MapNode, key: string, name: string, draft: Draft): string[] | null {
  const found = valueAt(node, key);
  if (found === null || isNull(found)) return null;
  return composeWords(textsOf(found), found.kind === "list", atNode(found, `services.${name}.${key}`), draft);
}

function addLabels(value: YamlNode, at: At, { service, draft }: ComposeContext): void {
  const map = service.map("labels");
  for (const pair of pairsOf(value, at.key)) map[pair.name] = composeText(pair.value ?? "", pair.at, draft);
  if (Object.keys(map).length > 0) service.set("labels", map, at);
}

/** `cap_drop: [ALL]` with `cap_add` is a list of what is left; without, an image's usual ones stay as they are here. */
function capabilities(value: YamlNode, at: At, { node, service, draft }: ComposeContext): void {
  if (!textsOf(value).some((name) => name.toUpperCase() === "ALL")) {
    draft.note(at, "single capabilities are not taken away", "sandbox: {capabilities: [NAME]} lists all that are left");
    return;
  }
  const kept = textsOf(valueAt(node, "cap_add")).map((name) => name.toLowerCase().replace(/^cap_/, ""));
  service.put("sandbox", "capabilities", kept, at);
}

function envFiles(value: YamlNode, at: At, { service, draft, pathOf }: ComposeContext): void {
  const items = value.kind === "list" ? value.items : [value];
  const made = items.map((item): Data | null => {
    const path = textOf(item) ?? textOf(valueAt(item, "path"));
    if (path === null) return null;
    const written = composeText(pathOf(path), at, draft);
    const required = valueAt(item, "required");
    return required === null || isTrue(required) ? written : { path: written, required: false };
  });
  const list = made.filter((item) => item !== null);
  if (list.length > 0) service.set("env_file", list.length === 1 ? (list[0] as Data) : list, at);
}

function logging(value: YamlNode, at: At, { service, draft }: ComposeContext): void {
  const driver = textOf(valueAt(value, "driver")) ?? "json-file";
  if (driver === "none") service.set("logs", "none", at);
  else if (driver !== "json-file" && driver !== "local") {
    draft.note(at, `gonit does not write to ${driver}`, "logs: {to: PATH} writes a file");
    return;
  }
  const options = valueAt(value, "options");
  const size = /^(\d+(?:\.\d+)?)([kmg])/i.exec(textOf(valueAt(options, "max-size")) ?? "");
  const count = Number(textOf(valueAt(options, "max-file")) ?? 0);
  if (size === null && !(count > 0)) return;
  service.put("logs", "to", "file", at);
  if (size !== null) service.put("logs", "max_size", new Raw(`${size[1]}${size[2]?.toUpperCase()}`), at);
  if (count > 0) service.put("logs", "keep", number(Math.max(0, count - 1)), at);
}

function ulimits(value: YamlNode, at: At, { service, draft }: ComposeContext): void {
  for (const { key, value: limit, at: where } of entriesOf(value, at.key)) {
    const text = textOf(limit) ?? textOf(valueAt(limit, "soft")) ?? "";
    if (key === "nofile" && Number(text) >= 3) service.put("limits", "files", new Raw(text), where);
    else if (key === "core") service.put("limits", "core", text === "-1" ? "unlimited" : new Raw(text), where);
    else if (key === "nofile") continue;
    else draft.note(where, "this limit has no counterpart", "limits: {files, core, pids} are those that there are");
  }
}

function addNamespace(service: ServiceDraft, name: string, at: At): void {
  const before = (service.map("sandbox").namespaces as Data[] | undefined) ?? [];
  service.put("sandbox", "namespaces", [...before, name], at);
}

function bounded(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
