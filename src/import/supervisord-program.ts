/** One [program:x] of supervisord, key by key. */

import { Raw } from "../config/write-yaml.ts";
import { commandOf, splitWords } from "./command-words.ts";
import { type At, type Draft, LeftOut, literal, type ServiceDraft } from "./draft.ts";
import { duration, number, restartLimit } from "./durations.ts";
import type { IniEntry } from "./ini.ts";
import { reference, withReferences } from "./references.ts";
import { applyRules, nothing, type Rules } from "./rules.ts";
import { expandSupervisor, supervisorEnvironment } from "./supervisord-texts.ts";

export interface Program {
  name: string;
  at: At;
  /** The folder of the configuration, for `%(here)s`. */
  here: string;
  group: string | null;
  isFcgi: boolean;
  values: Map<string, IniEntry>;
}

interface Context {
  program: Program;
  service: ServiceDraft;
  draft: Draft;
}

const processesMax = 100;
const eventProtocol = new LeftOut(
  "gonit does not speak the protocol of event listeners",
  "gonit status --json tells the states",
);
const noSyslog = new LeftOut(
  "gonit does not write to syslog",
  "logs: {to: PATH} writes a file, which a syslog daemon can read",
);
const events = leftWhenOn(eventProtocol);
const syslog = leftWhenOn(noSyslog);
const fcgi = new LeftOut(
  "an FCGI socket as standard input is not supported",
  "let the program open its socket itself, such as with spawn-fcgi or php-fpm",
);

/** All keys of [program:x], and those of [fcgi-program:x]. */
export const supervisordRules: Rules<Context, string> = {
  command: (value, at, { service, draft }) => {
    const words = splitWords(value);
    if (words === null || words.length === 0)
      draft.note(at, "the command cannot be split into words", "close the quote");
    else service.set("command", withReferences(commandOf(words)), at);
  },
  process_name: nothing,
  numprocs: nothing,
  numprocs_start: nothing,
  priority: (value, at, { draft }) => {
    if (!/^-?\d+$/.test(value)) draft.note(at, "it is no number");
  },
  autostart: (value, at, { service }) => {
    if (!isYes(value)) service.set("enabled", false, at);
  },
  startsecs: new LeftOut(
    "gonit does not wait a while before it calls a service started",
    "ready: says what tells that it is up, such as ready: {tcp: HOST:PORT}",
  ),
  startretries: (value, at, { service, program }) => {
    const count = Number(value);
    const startsecs = Number(program.values.get("startsecs")?.value ?? 1);
    if (count >= 1 && count <= 1000) service.put("restart", "limit", restartLimit(count, startsecs * 1000 || 0), at);
  },
  autorestart: (value, at, { service }) => {
    const policy = value === "unexpected" ? "on-failure" : isYes(value) ? "always" : "no";
    if (policy !== "on-failure") service.put("restart", "policy", policy, at);
  },
  exitcodes: (value, at, { service }) => {
    const codes = value.split(/[,\s]+/).filter((code) => /^\d+$/.test(code));
    if (codes.join() !== "0")
      service.put(
        "restart",
        "success",
        codes.map((code) => new Raw(code)),
        at,
      );
  },
  stopsignal: (value, at, { service }) => {
    if (!/^(SIG)?TERM$/i.test(value)) service.put("stop", "signal", signalName(value), at);
  },
  stopwaitsecs: (value, at, { service }) => {
    if (/^\d+$/.test(value) && value !== "10") service.put("stop", "timeout", duration(Number(value) * 1000), at);
  },
  stopasgroup: nothing,
  killasgroup: nothing,
  user: (value, at, { service }) => service.set("user", withReferences(literal(value)), at),
  redirect_stderr: (value, at, { service }) => {
    if (isYes(value)) service.put("logs", "stderr", "merge", at);
  },
  stdout_logfile: (value, at, { service }) => {
    if (/^(?:auto|syslog)$/i.test(value)) return;
    if (/^none$/i.test(value)) service.put("logs", "to", "none", at);
    else if (isStandardOutput(value)) service.put("logs", "to", "console", at);
    else service.put("logs", "to", withReferences(literal(value)), at);
  },
  stdout_logfile_maxbytes: (value, at, { service, program, draft }) => {
    const bytes = /^(\d+)\s*(KB|MB|GB)?$/i.exec(value);
    if (!writesFile(program)) return;
    if (bytes === null || bytes[1] === "0") {
      draft.note(at, "files without a bound are not written", "logs: {max_size: 1G} is a large one");
    } else service.put("logs", "max_size", new Raw(`${bytes[1]}${(bytes[2] ?? "").slice(0, 1).toUpperCase()}`), at);
  },
  stdout_logfile_backups: (value, at, { service, program }) => {
    if (writesFile(program) && /^\d+$/.test(value))
      service.put("logs", "keep", number(Math.min(1000, Number(value))), at);
  },
  stdout_capture_maxbytes: events,
  stdout_events_enabled: events,
  stdout_syslog: syslog,
  stderr_logfile: (value, at, { program, draft }) => {
    if (isStandardOutput(value) || /^(?:auto|none|\/dev\/(?:stderr|fd\/2)|\/proc\/self\/fd\/2)$/i.test(value)) return;
    if (isYes(program.values.get("redirect_stderr")?.value ?? "")) return;
    draft.note(
      at,
      "standard error has no path of its own",
      "logs: {to: PATH, stderr: separate} writes a second file beside PATH",
    );
  },
  stderr_logfile_maxbytes: nothing,
  stderr_logfile_backups: nothing,
  stderr_capture_maxbytes: events,
  stderr_events_enabled: events,
  stderr_syslog: syslog,
  environment: (value, at, { service, draft }) => {
    const variables = supervisorEnvironment(value);
    if (variables === null) draft.note(at, 'it is no list of NAME="value", with commas between them');
    else service.set("environment", variables, at);
  },
  directory: (value, at, { service }) => service.set("directory", withReferences(literal(value)), at),
  umask: (value, at, { service }) => {
    if (/^[0-7]+$/.test(value)) service.set("umask", value, at);
  },
  serverurl: new LeftOut(
    "there is no supervisord that the program could ask",
    "it finds gonit's socket in GONIT_SOCKET",
  ),
  socket: fcgi,
  socket_owner: fcgi,
  socket_mode: fcgi,
  socket_backlog: fcgi,
};

/** Switches that are off, and sizes of nothing, ask for nothing. */
function leftWhenOn(left: LeftOut) {
  return (value: string, at: At, { draft }: Context): void => {
    if (isYes(value) || /^[1-9]/.test(value)) draft.leave(at, left);
  };
}

/** The names of the services that it became. */
export function importProgram(program: Program, draft: Draft): string[] {
  const count = processCount(program, draft);
  const start = Number(program.values.get("numprocs_start")?.value ?? 0) || 0;
  const made: string[] = [];
  for (let index = 0; index < count; index++) {
    const names = {
      program_name: program.name,
      group_name: program.group ?? program.name,
      process_num: start + index,
      numprocs: count,
      here: program.here,
      host_node_name: reference("HOSTNAME:-localhost"),
    };
    const name = processName(program, names, count, draft);
    const service = draft.service(name, program.at);
    if (service === null) break;
    importProcess(program, service, names, draft);
    made.push(service.name);
  }
  return made;
}

function processCount(program: Program, draft: Draft): number {
  const entry = program.values.get("numprocs");
  const count = Number(entry?.value ?? 1);
  if (entry === undefined || (count >= 1 && count <= processesMax)) return count;
  draft.note(entry.at, `from 1 to ${processesMax} processes are imported`, "replicas: is for many that are alike");
  return count > processesMax ? processesMax : 1;
}

function processName(program: Program, names: Record<string, string | number>, count: number, draft: Draft): string {
  const entry = program.values.get("process_name");
  if (entry === undefined) return count === 1 ? program.name : `${program.name}_${names.process_num}`;
  return expandSupervisor(entry.value, names, entry.at, draft);
}

function importProcess(
  program: Program,
  service: ServiceDraft,
  names: Record<string, string | number>,
  draft: Draft,
): void {
  const known = { ...names };
  const entries = [...program.values.values()].map((entry) => {
    const value = entry.key === "process_name" ? "" : expandSupervisor(entry.value, known, entry.at, draft);
    return { ...entry, value };
  });
  applyRules(entries, supervisordRules, { program, service, draft }, draft);
  if (program.group !== null) service.set("tags", [program.group], program.at);
  shortenRestart(service);
  const logs = service.values.logs as { to?: string; stderr?: string } | undefined;
  if (logs !== undefined) finishLogs(service, logs);
  if (service.values.command === undefined) {
    draft.note(program.at, "it has no command");
    draft.services.delete(service.name);
  }
}

/** `restart: always` for a map with nothing but a policy. */
function shortenRestart(service: ServiceDraft): void {
  const restart = service.map("restart");
  const [key, ...others] = Object.keys(restart);
  if (key === "policy" && others.length === 0) service.values.restart = restart.policy as string;
}

/** A file is as supervisord writes it, without time stamps; a console has both streams apart unless it says otherwise. */
function finishLogs(service: ServiceDraft, logs: { to?: string; stderr?: string }): void {
  const { to, stderr } = logs;
  const isFile = to !== undefined && to !== "none" && to !== "console";
  const map = service.map("logs");
  if (isFile) {
    map.format = "raw";
    // A file holds both when it says nothing.
    if (stderr === "merge") delete map.stderr;
  }
  const keys = Object.keys(map);
  service.values.logs = keys.length === 1 && keys[0] === "to" ? (to as string) : map;
}

function writesFile({ values }: Program): boolean {
  const value = values.get("stdout_logfile")?.value ?? "AUTO";
  return !/^(?:auto|none|syslog)$/i.test(value) && !isStandardOutput(value);
}

function isStandardOutput(value: string): boolean {
  return /^\/(?:dev\/(?:stdout|fd\/1)|proc\/self\/fd\/1)$/.test(value);
}

function isYes(value: string): boolean {
  return /^(?:true|yes|on|1)$/i.test(value);
}

function signalName(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, "");
  return /^\d+$/.test(name) ? name : `SIG${name}`;
}
