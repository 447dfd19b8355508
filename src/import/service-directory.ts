/** Service directories: a folder a service, a file a setting. runit and s6 have most of them in common. */

import { resolvePath } from "../config/node.ts";
import { formatSignal, parseSignal } from "../config/signals.ts";
import { type At, type Draft, LeftOut, literal, type ServiceDraft } from "./draft.ts";
import { duration, number } from "./durations.ts";
import { applyRules, type Entry, nothing, type Rules } from "./rules.ts";
import { logFolder, readScript, scriptCommand } from "./run-script.ts";
import type { SourceFile, Sources } from "./sources.ts";

export interface DirectoryContext {
  service: ServiceDraft;
  draft: Draft;
  sources: Sources;
  folder: string;
  /** Of a folder in the folder. */
  rules: FileRules;
}

export type FileRules = Rules<DirectoryContext, string>;

const supervisor = new LeftOut("it is about the supervisor itself");

/** Files of a service directory of runit, runsv(8). The value of a rule is the file's path. */
export const runitFiles: FileRules = {
  check: (path, at, context) => {
    context.service.set("ready", { exec: besideCommand(context.sources.read(path), context) }, at);
  },
  conf: nothing,
  control: new LeftOut(
    "scripts in place of signals have no counterpart",
    "stop: {signal, command} and reload: say what is done",
  ),
  down: (_, at, { service }) => service.set("enabled", false, at),
  env: nothing,
  finish,
  log,
  run,
  supervise: nothing,
};

/** Files of s6, s6-supervise and servicedir. */
export const s6Files: FileRules = {
  data: nothing,
  down: (_, at, { service }) => service.set("enabled", false, at),
  "down-signal": (path, at, { service, sources, draft }) => {
    const text = firstLine(sources.read(path));
    const signal = parseSignal(text);
    if (typeof signal === "number") service.put("stop", "signal", formatSignal(signal), at);
    else draft.note(at, `there is no signal ${text}`);
  },
  env: nothing,
  event: nothing,
  finish,
  "flag-newpidns": (_, at, { service }) => service.put("sandbox", "namespaces", ["pid"], at),
  instance: new LeftOut("instances are services of their own", "replicas: NUMBER is for those that are alike"),
  instances: new LeftOut("instances are services of their own", "replicas: NUMBER is for those that are alike"),
  "lock-fd": supervisor,
  log,
  "max-death-tally": new LeftOut(
    "deaths are not counted for a script",
    "restart: {limit: 5 in 1m} gives up after many",
  ),
  nosetsid: nothing,
  "notification-fd": (path, at, { service, sources, draft }) => {
    const fd = Number(firstLine(sources.read(path)));
    if (fd >= 3 && fd <= 1023) service.set("ready", { fd: number(fd) }, at);
    else draft.note(at, "descriptors of readiness have numbers from 3");
  },
  run,
  supervise: nothing,
  template: new LeftOut("instances are services of their own", "replicas: NUMBER is for those that are alike"),
  "timeout-finish": new LeftOut("post_stop is bound by the time for the end", "stop: {timeout: TIME}"),
  "timeout-kill": (path, at, { service, sources, draft }) => {
    const ms = Number(firstLine(sources.read(path)));
    if (ms > 0) service.put("stop", "timeout", duration(ms), at);
    else draft.note(at, "an end without a bound is not possible", "stop: {timeout: 1h} is a long one");
  },
};

function firstLine({ text }: SourceFile): string {
  return (text.split("\n", 1)[0] ?? "").trim();
}

/** A script of the folder, by a path that is right for the directory that the service runs in. */
function besideCommand({ text, path }: SourceFile, { service, sources, folder }: DirectoryContext) {
  const { directory } = service.values;
  if (directory === undefined) return scriptCommand(text, withSlash(sources.relative(path)));
  return scriptCommand(text, directory === literal(sources.relative(folder)) ? `.${path.slice(folder.length)}` : path);
}

/** A name without a slash is looked for in PATH. */
function withSlash(path: string): string {
  return path.includes("/") ? path : `./${path}`;
}

function run(path: string, at: At, { service, sources, folder }: DirectoryContext): void {
  const file = sources.read(path);
  const script = feedsProgram(file.text, folder, sources) ? null : readScript(file.text);
  if (script === null) {
    service.set("command", scriptCommand(file.text, `.${path.slice(folder.length)}`), at);
    service.set("directory", literal(sources.relative(folder)), at);
    return;
  }
  service.set("command", script.command, at);
  if (script.isShell) service.set("shell", true, at);
  if (script.user !== null) service.set("user", literal(script.user), at);
  if (script.group !== null) service.set("group", literal(script.group), at);
  const needsFolder = /(?:^|[\s"'=])\.{1,2}\//.test(JSON.stringify(script.command));
  if (script.directory !== null) service.set("directory", script.directory, at);
  else if (needsFolder) service.set("directory", literal(sources.relative(folder)), at);
}

function finish(path: string, at: At, context: DirectoryContext): void {
  const file = context.sources.read(path);
  if (/\$\{?[1-4@*]/.test(file.text))
    context.draft.note(at, "the script gets no exit code as its argument", "gonit why NAME tells it");
  context.service.add("post_stop", besideCommand(file, context), at);
}

/** A log service that keeps lines in a folder is what gonit does itself; any other reads what the service writes. */
function log(path: string, at: At, { service, sources, folder, draft, rules }: DirectoryContext): void {
  const kept = keptIn(path, sources);
  if (kept === null) {
    const logger = importDirectory(path, `${service.name}-log`, rules, sources, draft);
    if (logger === null) draft.note(at, "it has no run script");
    else logger.set("stdin", { from: service.name }, at);
    if (service.values.enabled === false) logger?.set("enabled", false, at);
    return;
  }
  const inside = kept.startsWith("/") ? kept : sources.relative(resolvePath(`${folder}/log`, kept));
  service.set("logs", literal(`${inside}/current`), at);
}

/** The folder of a log service that does nothing but keep lines. */
function keptIn(path: string, sources: Sources): string | null {
  const script = sources.readIfThere(`${path}/run`);
  return script === null ? null : logFolder(script.text);
}

/** Whether a program is to read both streams, which the script puts into one. */
function feedsProgram(text: string, folder: string, sources: Sources): boolean {
  return text.includes("2>&1") && sources.isFile(`${folder}/log/run`) && keptIn(`${folder}/log`, sources) === null;
}

/** The entries of a folder for a table of its files; the script that says most comes first. */
export function fileEntries(folder: string, names: string[], sources: Sources): Entry<string>[] {
  return names
    .filter((name) => !name.startsWith("."))
    .sort((a, b) => Number(b === "run") - Number(a === "run"))
    .map((name) => {
      const path = `${folder}/${name}`;
      return { at: { file: sources.shown(path), line: 0, key: name }, key: name, value: path };
    });
}

/** One service directory; null: it has no run script. */
export function importDirectory(
  folder: string,
  name: string,
  rules: FileRules,
  sources: Sources,
  draft: Draft,
): ServiceDraft | null {
  const names = sources.list(folder);
  if (!names.includes("run")) return null;
  const service = draft.service(name, { file: sources.shown(folder), line: 0, key: name });
  if (service === null) return null;
  // Files of the service itself are nobody's business.
  const known = names.filter((one) => Object.hasOwn(rules, one));
  applyRules(fileEntries(folder, known, sources), rules, { service, draft, sources, folder, rules }, draft);
  return service;
}
