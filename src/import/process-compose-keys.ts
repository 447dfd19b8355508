/** The keys of a process in process-compose.yaml. */

import type { MapNode, YamlNode } from "../config/node.ts";
import { formatSignal } from "../config/signals.ts";
import { type Data, Raw } from "../config/write-yaml.ts";
import { commandOf, setShellText, shellCommand, withoutShell } from "./command-words.ts";
import { type At, type DataMap, type Draft, LeftOut, literal, type ServiceDraft } from "./draft.ts";
import { duration, number, readDuration, restartLimit } from "./durations.ts";
import { nothing, type Rules } from "./rules.ts";
import { entriesOf, isTrue, pairsOf, textOf, textsOf, valueAt } from "./yaml-values.ts";

export interface ProcessContext {
  name: string;
  node: MapNode;
  root: MapNode;
  service: ServiceDraft;
  draft: Draft;
  pathOf: (path: string) => string;
  /** `$$` is a dollar there, since variables are put in before a shell sees the text. */
  isExpanded: boolean;
}

const monitor = new LeftOut("output is not watched for activity", "health: {exec: COMMAND} asks the program itself");

/** All keys of a process. */
export const processRules: Rules<ProcessContext, YamlNode> = {
  args: nothing,
  availability: nothing,
  command: nothing,
  depends_on: nothing,
  description: (value, at, { service }) => service.set("description", literal(textOf(value) ?? ""), at),
  disable_ansi_colors: new LeftOut("colours of a program are left as they are", "environment: {NO_COLOR: 1}"),
  disabled: (value, at, { service }) => {
    if (isTrue(value)) service.set("enabled", false, at);
  },
  entrypoint: nothing,
  env_file: (value, at, { service, pathOf }) => service.set("env_file", literal(pathOf(textOf(value) ?? "")), at),
  environment: (value, at, context) => {
    const map = context.service.map("environment");
    for (const { name, value: text } of pairsOf(value, at.key)) map[name] = valueText(text ?? "", context);
    if (Object.keys(map).length > 0) context.service.set("environment", map, at);
  },
  executable: nothing,
  extends: nothing,
  is_daemon: (value, at, { service }) => {
    if (isTrue(value))
      service.set("ready", "exit", at, "Its first process ends when it is up; pid_file: tells what runs then.");
  },
  is_disabled: new LeftOut("a condition does not disable a service", "enabled: false"),
  is_dotenv_disabled: new LeftOut("the .env is for all services", "env_file: [] at the top reads none"),
  is_elevated: new LeftOut("nobody is asked for a password", "user: root, with a gonit that runs as root"),
  is_foreground: new LeftOut("no service has the terminal of gonit itself", "tty: true, and gonit attach NAME"),
  is_interactive: terminal,
  is_template_disabled: nothing,
  is_tty: terminal,
  launch_timeout_seconds: (value, at, { service }) => seconds(service, "timeout", "start", value, at),
  liveness_probe: (value, at, context) => {
    const probe = probeOf(value, at, context);
    if (probe !== null) context.service.set("health", healthOf(probe, value), at);
  },
  log_configuration: (value, at, { service }) => {
    const rotation = valueAt(value, "rotation");
    const size = textOf(valueAt(rotation, "max_size_mb"));
    const backups = textOf(valueAt(rotation, "max_backups"));
    if (Number(size) > 0) service.put("logs", "max_size", new Raw(`${size}M`), at);
    if (Number(backups) > 0) service.put("logs", "keep", new Raw(backups ?? ""), at);
  },
  log_location: (value, at, { service, pathOf }) => {
    service.put("logs", "to", literal(pathOf(textOf(value) ?? "")), at);
  },
  mcp: new LeftOut("services are no tools of an MCP server"),
  monitor_for: monitor,
  monitor_silence_threshold: monitor,
  name: nothing,
  namespace: (value, at, { service }) => {
    for (const name of textsOf(value)) if (/^[\w.-]+$/.test(name)) service.add("tags", name, at);
  },
  original_config: nothing,
  readiness_probe: (value, at, context) => {
    const probe = probeOf(value, at, context);
    if (probe === null) return;
    context.service.set("ready", { ...probe, interval: period(value), timeout: probeTime(value) }, at);
    context.service.set("health", healthOf(probe, value), at);
  },
  ready_log_line: (value, at, { service }) => service.set("ready", { log: literal(textOf(value) ?? "") }, at),
  replica_name: nothing,
  replica_num: nothing,
  replicas: (value, at, { service }) => {
    if (Number(textOf(value)) > 1) service.set("replicas", new Raw(textOf(value) ?? ""), at);
  },
  schedule: (value, at, { service, draft }) => schedule(value, at, service, draft),
  shutdown,
  success_exit_codes: (value, at, { service }) => {
    const codes = textsOf(value).filter((code) => /^\d+$/.test(code) && code !== "0");
    service.put("restart", "success", [new Raw("0"), ...codes.map((code) => new Raw(code))], at);
  },
  truncate_log: new LeftOut("a log goes on where it was", "logs: {max_size, keep} bound it"),
  vars: nothing,
  watch: (value, at, { service, pathOf }) => {
    const paths = valueAt(value, "paths");
    const items = paths?.kind === "list" ? paths.items : [];
    for (const item of items)
      service.add("watch", literal(pathOf(textOf(item) ?? textOf(valueAt(item, "path")) ?? ".")), at);
  },
  working_dir: (value, at, { service, pathOf }) => service.set("directory", literal(pathOf(textOf(value) ?? ".")), at),
};

function terminal(value: YamlNode, at: At, { service }: ProcessContext): void {
  if (isTrue(value)) service.set("tty", true, at);
}

function seconds(service: ServiceDraft, key: string, entry: string, value: YamlNode | null, at: At): void {
  const ms = readDuration(textOf(value) ?? "");
  if (ms !== null && ms > 0) service.put(key, entry, duration(ms), at);
}

/** Variables of templates, `{{.NAME}}`, and `$$` for a dollar. */
function rendered(text: string, { node, root, draft, isExpanded }: ProcessContext, at: At): string {
  const whole = isExpanded ? text.replaceAll("$$", "$") : text;
  if (isTrue(valueAt(node, "is_template_disabled"))) return whole;
  return whole.replace(/\{\{-?\s*\.(\w+)\s*-?\}\}|\{\{[^{}]*\}\}/g, (written, name?: string) => {
    const value =
      name === undefined
        ? null
        : (textOf(valueAt(valueAt(node, "vars"), name)) ?? textOf(valueAt(valueAt(root, "vars"), name)));
    if (value === null) draft.note(at, `${written} cannot be put in: it stays as it is`, "write it out");
    return value ?? written;
  });
}

/** A value that process-compose expands from its own environment, as gonit does from its. */
function valueText(text: string, context: ProcessContext): string {
  if (!context.isExpanded) return literal(text);
  return text.replace(/\$\$|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}/g, (written, bare?: string, braced?: string) => {
    if (written === "$$") return "$$";
    return `\${${bare ?? braced}:-}`;
  });
}

/** What only bash understands; sh(1) does the rest. */
const bashOnly =
  /\[\[|<\(|>\(|&>|\|&|<<<|\$'|\bsource\b|\bpipefail\b|\bdeclare\b|\bshopt\b|\bfunction\b|\$\{\w+(?:\[|\/|\^|,|:\d)|\w\+=|\w=\(/;

function setCommand(context: ProcessContext): void {
  const { node, service, root, draft } = context;
  const at = { ...service.at, key: `processes.${context.name}.command` };
  const entrypoint = textsOf(valueAt(node, "entrypoint"));
  const command = textOf(valueAt(node, "command"));
  if (command === null) {
    const words =
      entrypoint.length > 0
        ? entrypoint
        : [textOf(valueAt(node, "executable")) ?? "", ...textsOf(valueAt(node, "args"))];
    if (words[0] !== "") service.set("command", commandOf(words), at);
    else {
      draft.note(at, "it has no command");
      draft.services.delete(service.name);
    }
    return;
  }
  const text = rendered(command, context, at);
  const shell = textOf(valueAt(valueAt(root, "shell"), "shell_command"));
  const argument = textOf(valueAt(valueAt(root, "shell"), "shell_argument")) ?? "-c";
  const isUsual = shell === null || /^(?:\/bin\/)?(?:sh|bash|dash)$/.test(shell);
  if (withoutShell(text) !== null || (isUsual && !bashOnly.test(text))) setShellText(service, text, at);
  else service.set("command", [shell ?? "bash", argument, literal(text)], at);
}

function probeOf(value: YamlNode, at: At, context: ProcessContext): DataMap | null {
  const exec = valueAt(value, "exec");
  const command = textOf(valueAt(exec, "command"));
  for (const key of ["initial_delay_seconds", "success_threshold"]) {
    const entry = entriesOf(value, at.key).find((one) => one.key === key);
    if (entry !== undefined && Number(textOf(entry.value)) > (key === "success_threshold" ? 1 : 0))
      context.draft.note(
        entry.at,
        "the first probe is asked at once, and one success is enough",
        "timeout: {start: TIME} bounds the wait",
      );
  }
  if (command !== null) {
    const text = rendered(command, context, at);
    const folder = textOf(valueAt(exec, "working_dir"));
    return {
      exec: folder === null ? (withoutShell(text) ?? shellCommand(text)) : shellCommand(`cd ${folder} && ${text}`),
    };
  }
  return httpOf(valueAt(value, "http_get"), at, context);
}

function httpOf(http: YamlNode | null, at: At, context: ProcessContext): DataMap | null {
  if (http === null) return null;
  const text = (key: string, usual: string) => rendered(textOf(valueAt(http, key)) ?? usual, context, at);
  const host = text("host", "127.0.0.1");
  const url = `://${host === "localhost" ? "127.0.0.1" : host}:${text("num_port", text("port", "80"))}${text("path", "/")}`;
  if (text("scheme", "http").toLowerCase() !== "http") return { exec: commandOf(["curl", "-fsS", `https${url}`]) };
  const headers: DataMap = {};
  for (const pair of pairsOf(valueAt(http, "headers"), at.key)) headers[pair.name] = literal(pair.value ?? "");
  const status = text("status_code", "200");
  const map: DataMap = { url: literal(`http${url}`), status: new Raw(/^\d{3}$/.test(status) ? status : "200") };
  if (Object.keys(headers).length > 0) map.headers = headers;
  return { http: map };
}

function period(value: YamlNode): Data {
  return duration(Math.max(1, Number(textOf(valueAt(value, "period_seconds")) ?? 10) || 10) * 1000);
}

function probeTime(value: YamlNode): Data {
  return duration(Math.max(1, Number(textOf(valueAt(value, "timeout_seconds")) ?? 1) || 1) * 1000);
}

function healthOf(probe: DataMap, value: YamlNode): DataMap {
  const failures = Number(textOf(valueAt(value, "failure_threshold")) ?? 3) || 3;
  const map: DataMap = { ...probe, interval: period(value), timeout: probeTime(value) };
  if (failures !== 3) map.failures = number(Math.max(1, Math.min(1000, failures)));
  return map;
}

function shutdown(value: YamlNode, at: At, context: ProcessContext): void {
  const { service, draft } = context;
  const command = textOf(valueAt(value, "command"));
  const signal = Number(textOf(valueAt(value, "signal")));
  if (command !== null) {
    const text = rendered(command, context, at);
    service.put("stop", "command", withoutShell(text) ?? shellCommand(text), at);
  }
  if (signal >= 1 && signal <= 31 && signal !== 15) service.put("stop", "signal", formatSignal(signal), at);
  seconds(service, "stop", "timeout", valueAt(value, "timeout_seconds"), at);
  if (isTrue(valueAt(value, "parent_only"))) service.put("stop", "kill", "process", at);
  const keys = entriesOf(value, at.key).find(({ key }) => key === "send_keys");
  if (keys !== undefined) draft.note(keys.at, "no keys are typed to end a program", "stop: {command: COMMAND}");
}

function schedule(value: YamlNode, at: At, service: ServiceDraft, draft: Draft): void {
  const cron = textOf(valueAt(value, "cron"));
  const interval = readDuration(textOf(valueAt(value, "interval")) ?? "");
  const zone = textOf(valueAt(value, "timezone"));
  if (cron !== null) service.set("schedule", literal(cron), at);
  else if (interval !== null && interval > 0) service.set("schedule", `every ${duration(interval).text}`, at);
  else return;
  service.set("type", "task", at);
  if (zone !== null) service.set("timezone", literal(zone), at);
  const many = Number(textOf(valueAt(value, "max_concurrent")) ?? 1);
  if (many > 1) draft.note(at, "one run at a time", "overlap: queue keeps the next one waiting");
  if (isTrue(valueAt(value, "run_on_start")))
    draft.note(at, "the first run is at its time, not at the start", "gonit start NAME");
}

function availability({ node, service, draft, name }: ProcessContext): void {
  const value = valueAt(node, "availability");
  if (value === null) return;
  const at = { ...service.at, key: `processes.${name}.availability` };
  const policy = textOf(valueAt(value, "restart")) ?? "no";
  const known: { [policy: string]: string } = {
    always: "always",
    on_failure: "on-failure",
    exit_on_failure: "no",
    no: "no",
  };
  if (known[policy] === undefined) draft.note(at, `there is no policy ${policy}`);
  const backoff = Number(textOf(valueAt(value, "backoff_seconds")));
  const count = Number(textOf(valueAt(value, "max_restarts")));
  if (known[policy] !== "no") service.put("restart", "policy", known[policy] ?? "no", at);
  if (backoff > 0 && known[policy] !== "no") {
    service.put("restart", "delay", duration(backoff * 1000), at);
    service.put("restart", "backoff", new Raw("1"), at);
  }
  if (count > 0 && known[policy] !== "no")
    service.put("restart", "limit", restartLimit(count, backoff * 1000 || 0), at);
  if (policy === "exit_on_failure" || isTrue(valueAt(value, "exit_on_end"))) service.set("critical", "exit", at);
  if (isTrue(valueAt(value, "exit_on_skipped")))
    draft.note(at, "exit_on_skipped: a service that cannot start is blocked, and gonit stays");
  const restart = service.map("restart");
  const [only, ...more] = Object.keys(restart);
  if (only === "policy" && more.length === 0) service.values.restart = restart.policy as string;
}

/** Command, restarts and dependencies, which depend on more than one key. */
export function finishProcess(context: ProcessContext, all: ProcessContext[], names: Map<string, string>): void {
  const { node, service, draft, name } = context;
  setCommand(context);
  availability(context);
  const logs = service.map("logs");
  if (Object.keys(logs).length > 0 && logs.to === undefined) service.put("logs", "to", "file", service.at);
  for (const { key, value, at } of entriesOf(valueAt(node, "depends_on"), `processes.${name}.depends_on`)) {
    const target = names.get(key);
    if (target === undefined) {
      draft.note(at, `there is no process ${key}`);
      continue;
    }
    const condition = textOf(valueAt(value, "condition")) ?? "process_started";
    const other = all.find((one) => one.name === key) as ProcessContext;
    if (condition.startsWith("process_completed") && other.service.values.type === undefined)
      other.service.set("type", "task", at, "Others wait until it has ended.");
    service.add("depends_on", dependency(target, condition, other), at);
  }
}

function dependency(target: string, condition: string, other: ProcessContext): Data {
  const isReady = other.service.values.ready !== undefined;
  if (condition === "process_completed") return { name: target, required: false };
  if (condition === "process_started" && isReady) return { name: target, wait: "started" };
  return target;
}
