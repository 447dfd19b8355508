/** Pebble's layers: numbered files of services and checks, each of which merges with or replaces what came before. */

import type { MapNode, YamlNode } from "../config/node.ts";
import { Raw } from "../config/write-yaml.ts";
import { commandOf, splitWords } from "./command-words.ts";
import { type At, type DataMap, type Draft, LeftOut, literal, type ServiceDraft } from "./draft.ts";
import { duration, number, readDuration } from "./durations.ts";
import { isLayerName } from "./kinds.ts";
import { applyRules, nothing, type Rules } from "./rules.ts";
import { type Sources, Unusable } from "./sources.ts";
import { atNode, entriesOf, mergedMaps, pairsOf, textOf, textsOf, valueAt } from "./yaml-values.ts";

interface PebbleContext {
  name: string;
  node: MapNode;
  service: ServiceDraft;
  draft: Draft;
  checks: MapNode | null;
}

const identity = new LeftOut("users are named once", "user: and group: take names and numbers");

/** All keys of a service. */
export const pebbleRules: Rules<PebbleContext, YamlNode> = {
  after: (value, at, { service }) => {
    for (const name of textsOf(value)) service.add("after", name, at);
  },
  "backoff-delay": (value, at, { service }) => time(service, "restart", "delay", value, at),
  "backoff-factor": (value, at, { service }) => {
    const factor = Number(textOf(value));
    if (factor >= 1 && factor <= 100) service.put("restart", "backoff", number(factor), at);
  },
  "backoff-limit": (value, at, { service }) => time(service, "restart", "max_delay", value, at),
  before: (value, at, { service }) => {
    for (const name of textsOf(value)) service.add("before", name, at);
  },
  command: (value, at, { service, draft }) => {
    // Arguments in brackets are those that may be replaced by hand.
    const words = splitWords((textOf(value) ?? "").replace(/ \[ (.*) \]\s*$/, " $1"));
    if (words === null || words.length === 0)
      draft.note(at, "the command cannot be split into words", "close the quote");
    else service.set("command", commandOf(words), at);
  },
  description: (value, at, { service, node }) => {
    if (textOf(valueAt(node, "summary")) === null) describe(service, value, at);
  },
  environment: (value, at, { service }) => {
    const map: DataMap = {};
    for (const pair of pairsOf(value, at.key)) map[pair.name] = literal(pair.value ?? "");
    service.set("environment", map, at);
  },
  group: (value, at, { service }) => service.set("group", literal(textOf(value) ?? ""), at),
  "group-id": (value, at, { service, node, draft }) => {
    if (valueAt(node, "group") !== null) draft.leave(at, identity);
    else service.set("group", literal(textOf(value) ?? ""), at);
  },
  "kill-delay": (value, at, { service }) => time(service, "stop", "timeout", value, at),
  "on-check-failure": checkFailure,
  "on-failure": nothing,
  "on-success": nothing,
  override: nothing,
  requires: (value, at, { service }) => {
    for (const name of textsOf(value)) service.add("depends_on", name, at);
  },
  startup: nothing,
  summary: (value, at, { service }) => describe(service, value, at),
  user: (value, at, { service }) => service.set("user", literal(textOf(value) ?? ""), at),
  "user-id": (value, at, { service, node, draft }) => {
    if (valueAt(node, "user") !== null) draft.leave(at, identity);
    else service.set("user", literal(textOf(value) ?? ""), at);
  },
  "working-dir": (value, at, { service }) => service.set("directory", literal(textOf(value) ?? "/"), at),
};

export function importPebble(paths: string[], sources: Sources, draft: Draft): void {
  const files = paths.flatMap((path) => (sources.isFolder(path) ? layersOf(path, sources) : [path]));
  if (files.length === 0)
    throw new Unusable(`cannot import ${sources.shown(paths[0] ?? "")}: there is no layer NNN-NAME.yaml in it`);
  let services: MapNode | null = null;
  let checks: MapNode | null = null;
  for (const path of files) {
    const root = sources.parse(sources.read(path));
    services = layered(services, valueAt(root, "services"));
    checks = layered(checks, valueAt(root, "checks"));
    topLevel(root, draft);
  }
  draft.defaults.restart = "always";
  draft.defaults.stop = { timeout: duration(5000) };
  draft.defaultsRemark = "What Pebble does when a layer does not say it.";
  for (const { key, value } of entriesOf(services, "services")) {
    if (value.kind === "map") importService(key, value, checks, draft);
  }
  const used = new Set(
    entriesOf(services, "services").flatMap(({ value }) =>
      entriesOf(valueAt(value, "on-check-failure"), "").map(({ key }) => key),
    ),
  );
  for (const { key, at } of entriesOf(checks, "checks")) {
    if (!used.has(key)) draft.note(at, "no service acts upon this check", "health: of a service tells how it is");
  }
}

function layersOf(folder: string, sources: Sources): string[] {
  const inner = sources.isFolder(`${folder}/layers`) ? `${folder}/layers` : folder;
  return sources
    .list(inner)
    .filter(isLayerName)
    .map((name) => `${inner}/${name}`);
}

function topLevel(root: MapNode, draft: Draft): void {
  for (const { key, value, at } of entriesOf(root, "")) {
    if (key === "summary") draft.system.title = literal(textOf(value) ?? "");
    else if (key === "description") draft.system.description = literal((textOf(value) ?? "").trim());
    else if (key === "log-targets")
      draft.note(
        at,
        "logs are not sent to other machines",
        "logs: {to: PATH} writes files, which a log shipper can read",
      );
    else if (key !== "services" && key !== "checks") draft.note(at, "there is no such key");
  }
}

function layered(before: MapNode | null, next: YamlNode | null): MapNode | null {
  if (next?.kind !== "map") return before;
  if (before === null) return next;
  const made: MapNode = { ...before, keys: [...before.keys], values: [...before.values] };
  next.keys.forEach((key, index) => {
    const value = next.values[index] as YamlNode;
    const at = made.keys.findIndex(({ text }) => text === key.text);
    const old = made.values[at];
    if (at < 0) {
      made.keys.push(key);
      made.values.push(value);
    } else if (textOf(valueAt(value, "override")) === "merge" && old?.kind === "map" && value.kind === "map")
      made.values[at] = mergedMaps(old, value, listKeys);
    else made.values[at] = value;
  });
  return made;
}

/** Lists of layers are put one behind the other. */
const listKeys = new Set(["after", "before", "requires"]);

function importService(name: string, node: MapNode, checks: MapNode | null, draft: Draft): void {
  const at = atNode(node, name);
  const service = draft.service(name, at);
  if (service === null) return;
  applyRules(entriesOf(node, `services.${name}`), pebbleRules, { name, node, service, draft, checks }, draft);
  if (textOf(valueAt(node, "startup")) !== "enabled") service.set("enabled", false, at);
  endings(node, service, draft);
  if (service.values.command === undefined) {
    draft.note(at, "it has no command");
    draft.services.delete(service.name);
  }
}

/** What follows an end, with success or not: restart, ignore, or the end of everything. */
function endings(node: MapNode, service: ServiceDraft, draft: Draft): void {
  const success = textOf(valueAt(node, "on-success")) ?? "restart";
  const failure = textOf(valueAt(node, "on-failure")) ?? "restart";
  const at = { ...service.at, key: `services.${service.name}.on-failure` };
  const policy =
    success === "restart" && failure === "restart" ? "always" : failure === "restart" ? "on-failure" : "no";
  if (success === "restart" && failure !== "restart")
    draft.note(at, "an end with success alone is not followed by a restart", "restart: always");
  if (policy !== "always") {
    if (Object.keys(service.map("restart")).length > 0) service.put("restart", "policy", policy, at);
    else service.set("restart", policy, at);
  }
  if (success.endsWith("shutdown") || failure.endsWith("shutdown")) service.set("critical", "exit", at);
  for (const word of [success, failure])
    if (/^(?:failure|success)-shutdown$/.test(word)) draft.note(at, `${word}: gonit ends with the code of the service`);
}

function describe(service: ServiceDraft, value: YamlNode, at: At): void {
  service.set("description", literal((textOf(value) ?? "").trim()), at);
}

function time(service: ServiceDraft, key: string, entry: string, value: YamlNode, at: At): void {
  const ms = readDuration(textOf(value) ?? "");
  if (ms !== null) service.put(key, entry, duration(ms), at);
}

/** The first check that has a consequence is the service's health; others are told. */
function checkFailure(value: YamlNode, at: At, { service, draft, checks }: PebbleContext): void {
  for (const { key, value: action, at: where } of entriesOf(value, at.key)) {
    const check = valueAt(checks, key);
    const word = textOf(action) ?? "ignore";
    if (check?.kind !== "map") draft.note(where, `there is no check ${key}`);
    else if (service.values.health !== undefined)
      draft.note(where, "a service has one check of health", "one command can ask for both");
    else {
      const health = healthOf(check, where, draft);
      if (health === null) continue;
      if (word === "ignore") health.action = "none";
      else if (word.endsWith("shutdown")) service.set("critical", "exit", where);
      service.set("health", health, where);
    }
  }
}

/** All keys of a check. */
export const checkKeys = ["override", "level", "startup", "period", "timeout", "threshold", "http", "tcp", "exec"];

function healthOf(check: MapNode, at: At, draft: Draft): DataMap | null {
  for (const entry of entriesOf(check, `checks`))
    if (!checkKeys.includes(entry.key)) draft.note(entry.at, "there is no such key");
  const probe = probeOf(check, at, draft);
  if (probe === null) return null;
  const periodMs = readDuration(textOf(valueAt(check, "period")) ?? "");
  const timeoutMs = readDuration(textOf(valueAt(check, "timeout")) ?? "");
  if (periodMs !== null && periodMs >= 10) probe.interval = duration(periodMs);
  if (timeoutMs !== null && timeoutMs >= 1) probe.timeout = duration(timeoutMs);
  const failures = textOf(valueAt(check, "threshold"));
  if (failures !== null && /^[1-9]\d{0,2}$/.test(failures)) probe.failures = new Raw(failures);
  return probe;
}

function probeOf(check: MapNode, at: At, draft: Draft): DataMap | null {
  const url = textOf(valueAt(valueAt(check, "http"), "url"));
  const port = textOf(valueAt(valueAt(check, "tcp"), "port"));
  const command = textOf(valueAt(valueAt(check, "exec"), "command"));
  if (url !== null) {
    if (!url.startsWith("http://")) return { exec: commandOf(["curl", "-fsS", url]) };
    const written = literal(url.replace("//localhost", "//127.0.0.1"));
    const headers: DataMap = {};
    for (const pair of pairsOf(valueAt(valueAt(check, "http"), "headers"), at.key))
      headers[pair.name] = literal(pair.value ?? "");
    return { http: Object.keys(headers).length === 0 ? written : { url: written, headers } };
  }
  if (port !== null)
    return {
      tcp: `${(textOf(valueAt(valueAt(check, "tcp"), "host")) ?? "127.0.0.1").replace(/^localhost$/, "127.0.0.1")}:${port}`,
    };
  const words = command === null ? null : splitWords(command);
  if (words === null || words.length === 0) {
    draft.note(at, "the check asks nothing");
    return null;
  }
  if (entriesOf(valueAt(check, "exec"), "").some(({ key }) => !/^(?:command|service-context)$/.test(key)))
    draft.note(at, "a check runs as its service does: its own user, directory and environment are left out");
  return { exec: commandOf(words) };
}
