/** Sources of s6-rc: longruns, oneshots and bundles, with their dependencies and pipelines. */

import { folderOf, resolvePath } from "../config/node.ts";
import type { Data } from "../config/write-yaml.ts";
import { commandOf, splitWords } from "./command-words.ts";
import { type At, type Draft, LeftOut, type ServiceDraft } from "./draft.ts";
import { duration } from "./durations.ts";
import { applyRules, nothing } from "./rules.ts";
import { logFolder, scriptCommand } from "./run-script.ts";
import { type FileRules, fileEntries, s6Files } from "./service-directory.ts";
import type { Sources } from "./sources.ts";

/** Files that s6-rc-compile(1) reads beside those of s6 itself. */
export const s6RcFiles: FileRules = {
  "consumer-for": nothing,
  contents: nothing,
  "contents.d": nothing,
  dependencies: nothing,
  "dependencies.d": nothing,
  down: new LeftOut("a task that has ended is not undone", "post_stop runs after each of its runs"),
  essential: nothing,
  "flag-essential": nothing,
  "flag-recommended": nothing,
  "pipeline-name": nothing,
  "producer-for": nothing,
  "timeout-down": (path, at, { service, sources }) => putTime(service, "stop", "timeout", textOf(path, sources), at),
  "timeout-up": (path, at, { service, sources }) => putTime(service, "timeout", "start", textOf(path, sources), at),
  type: nothing,
  up: (path, at, { service, sources, draft }) => {
    const file = sources.read(path);
    const code = file.text
      .replace(/\\\n/g, " ")
      .split("\n")
      .filter((line) => !/^\s*(?:#|$)/.test(line))
      .join(" ");
    const words = /[{}]|\$\{?\w/.test(code) ? null : splitWords(code);
    if (words !== null && words.length > 0) service.set("command", upCommand(words, path, sources), at);
    else {
      service.set("command", commandOf(["execlineb", "-P", sources.relative(path)]), at);
      draft.note(at, "it is a script of execline, which must stay installed", "write what it does as command:");
    }
  },
};

/** A script of the same source is run without what s6-overlay brings. */
function upCommand(words: string[], path: string, sources: Sources): Data {
  const [program = "", ...others] = words;
  const inside = /\/s6-rc\.d\/([\w./-]+)$/.exec(program)?.[1];
  const script = inside === undefined ? null : sources.readIfThere(resolvePath(folderOf(folderOf(path)), inside));
  return script === null || others.length > 0 ? commandOf(words) : scriptCommand(script.text, program);
}

/** Bundles that are started at boot; services outside of them are not. */
const bootBundles = ["user", "user2", "default"];
/** Names of s6-overlay's own. */
const ownNames = /^(?:base|user|user2|top|default|legacy-cont-init|legacy-services|init-.*-end|fix-attrs|s6rc-.*)$/;

interface Found {
  name: string;
  folder: string;
  kind: string;
  members: string[];
  service: ServiceDraft | null;
}

export function importS6Rc(path: string, sources: Sources, draft: Draft): void {
  const all = new Map<string, Found>();
  for (const name of sources.list(path)) {
    const folder = `${path}/${name}`;
    if (name.startsWith(".") || !sources.isFolder(folder)) continue;
    const kind = (sources.readIfThere(`${folder}/type`)?.text ?? "").trim();
    all.set(name, { name, folder, kind, members: namesIn(folder, "contents", sources), service: null });
  }
  for (const found of all.values()) if (!bootBundles.includes(found.name)) importOne(found, sources, draft);
  for (const found of all.values()) dependencies(found, all, sources, draft);
  pipelines(all, sources, draft);
  leaveDown(all);
}

/** Lines of NAME, and names of the files of NAME.d. */
function namesIn(folder: string, name: string, sources: Sources): string[] {
  const lines = (sources.readIfThere(`${folder}/${name}`)?.text ?? "").split("\n").map((line) => line.trim());
  const listed = sources.list(`${folder}/${name}.d`);
  return [...new Set([...lines.filter((line) => line !== "" && !line.startsWith("#")), ...listed])];
}

function importOne(found: Found, sources: Sources, draft: Draft): void {
  const { name, folder, kind } = found;
  const at = { file: sources.shown(folder), line: 0, key: name };
  if (!/^(?:longrun|oneshot|bundle)$/.test(kind)) {
    draft.note(at, kind === "" ? "it has no type" : `there is no type ${kind}`);
    return;
  }
  const service = draft.service(name, at);
  if (service === null) return;
  found.service = service;
  // What is `down` of a oneshot is a file of the same name that says something else for s6.
  const rules: FileRules = kind === "longrun" ? { ...s6RcFiles, ...s6Files } : s6RcFiles;
  const known = sources.list(folder).filter((one) => Object.hasOwn(rules, one));
  applyRules(fileEntries(folder, known, sources), rules, { service, draft, sources, folder, rules: s6Files }, draft);
  if (kind === "oneshot") {
    service.set("type", "task", at);
    service.set("restart", "no", at);
  } else if (kind === "bundle") {
    service.set("type", "group", at);
    for (const member of found.members) service.add("depends_on", member, at);
  }
  if (kind !== "bundle" && service.values.command === undefined) {
    draft.note(at, kind === "longrun" ? "it has no run script" : "it has nothing to do: no up");
    draft.services.delete(service.name);
    found.service = null;
  }
}

function dependencies(found: Found, all: Map<string, Found>, sources: Sources, draft: Draft): void {
  const { service, folder } = found;
  if (service === null) return;
  const at: At = { file: sources.shown(`${folder}/dependencies.d`), line: 0, key: "dependencies" };
  const names = namesIn(folder, "dependencies", sources);
  const before = service.list("depends_on").map(String);
  service.remove("depends_on");
  for (const name of [...before, ...names]) {
    const target = all.get(name)?.service;
    if (target !== undefined && target !== null) service.add("depends_on", target.name, at);
    else if (!ownNames.test(name)) draft.note({ ...at, key: name }, "there is no such service");
  }
}

/** A consumer that keeps lines in a folder is what gonit does itself; else it reads from its producer. */
function pipelines(all: Map<string, Found>, sources: Sources, draft: Draft): void {
  for (const consumer of all.values()) {
    const { service, folder } = consumer;
    if (service === null) continue;
    const at = { file: sources.shown(`${folder}/consumer-for`), line: 0, key: "consumer-for" };
    const producers = namesIn(folder, "consumer-for", sources);
    const script = sources.readIfThere(`${folder}/run`);
    const kept = script === null ? null : logFolder(script.text);
    const made = producers.map((name) => all.get(name)?.service ?? null).filter((one) => one !== null);
    if (made.length === 0) continue;
    if (kept?.startsWith("/") && namesIn(folder, "producer-for", sources).length === 0) {
      for (const producer of made) producer.set("logs", `${kept}/current`, at);
      draft.services.delete(service.name);
      consumer.service = null;
      forget(service.name, draft);
    } else if (made.length === 1) service.set("stdin", { from: (made[0] as ServiceDraft).name }, at);
    else draft.note(at, "a service reads from one other only");
  }
}

/** Nobody waits for a logger that is not there any more. */
function forget(name: string, draft: Draft): void {
  for (const service of draft.services.values()) {
    const left = service.list("depends_on").filter((one) => one !== name);
    if (left.length === 0) service.remove("depends_on");
    else service.values.depends_on = left;
  }
}

/** With a bundle of what is started at boot, the others start on request, or when they are needed. */
function leaveDown(all: Map<string, Found>): void {
  if (!bootBundles.some((name) => all.has(name))) return;
  // A set is walked through to what is put into it on the way.
  const boot = new Set(bootBundles);
  for (const name of boot) for (const member of all.get(name)?.members ?? []) boot.add(member);
  for (const { name, service } of all.values()) {
    if (service === null || boot.has(name)) continue;
    const remark = "It is in no bundle that is started at boot.";
    service.set("enabled", false, service.at, remark);
  }
}

function textOf(path: string, sources: Sources): string {
  return sources.read(path).text.trim();
}

/** Milliseconds; 0 is no limit, which gonit has at its default. */
function putTime(service: ServiceDraft, key: string, entry: string, text: string, at: At): void {
  const ms = Number(text);
  if (ms > 0) service.put(key, entry, duration(ms), at);
}
