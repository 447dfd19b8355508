/**
 * What happened, as `gonit events` tells it: lines of JSON that the manager keeps in memory files of init
 * (src/runtime/history.ts). A line is one turn of the manager. The first line of each file is the state of all services
 * up to there, so that a file means something without those before it that were given up.
 *
 * The names of events and of their fields are what `gonit events --json` prints: they stay.
 */

import type { Ticket } from "../engine/instance.ts";
import type { StateName } from "../engine/view.ts";

export type HistoryEvent =
  /** `rule` is a key of the engine's rules; `detail` may be empty. `shown`: the state as people read it, where that differs. */
  | { event: "state-changed"; service: string; state: StateName; shown?: string; rule: string; detail: string }
  | { event: "health-changed"; service: string; health: "healthy" | "unhealthy"; detail: string }
  /** `process`: main, pre-start, post-stop, stop or reload. */
  | { event: "process-started"; service: string; process: string; pid: number }
  | { event: "start-failed"; service: string; process: string; errno: number; detail: string }
  | {
      event: "process-ended";
      service: string;
      process: string;
      pid: number;
      code: number | null;
      signal: number | null;
      core: boolean;
      cpuMs: number;
      maxRssKib: number;
      detail: string;
    }
  /** `command`: name of the program that asks; empty when it cannot be known. */
  | {
      event: "request-received";
      id: Ticket;
      verb: string;
      names: string[];
      detail: string;
      uid: number;
      pid: number;
      command: string;
    }
  | { event: "request-ended"; id: Ticket; outcome: string; detail: string }
  | { event: "signal-received"; signal: number; meaning: string }
  | { event: "plan-loaded"; title: string; version: string; added: string[]; changed: string[]; removed: string[] }
  | { event: "shutdown-begun"; detail: string }
  /** `stepMs`: how much further the wall clock went than time did. */
  | { event: "clock-stepped"; stepMs: number }
  /**
   * `initMs`: when init began, on the clock that counts suspend; only in the first life, else null. `initramfsMs`: when the
   * init of an initramfs began that has handed over to this one.
   */
  | { event: "manager-started"; life: number; initMs: number | null; initramfsMs?: number }
  | { event: "event-set-aside"; eventKind: string; detail: string };

/** One turn. The events have the numbers `seq`, `seq` + 1 … */
export interface HistoryLine {
  seq: number;
  /** Since the kernel began, suspend counted; and since 1970, as the clock was then. */
  bootMs: number;
  wallMs: number;
  /** Tells turns apart: a new manager may tell the last turn of the one before again. */
  turn: string;
  /** `seq` of the line that follows. Whoever writes that one reads no further than to here. */
  next: number;
  events: HistoryEvent[];
}

/** The first line of a file. */
export interface HistoryBase {
  seq: number;
  bootMs: number;
  wallMs: number;
  turn: "";
  /** As `seq`. */
  next: number;
  past: Past;
}

/** When the steps of a start were reached, on the clock that counts suspend; null: not yet, or not at all. */
export interface StartTimes {
  waitingMs: number | null;
  startingMs: number | null;
  execMs: number | null;
  readyMs: number | null;
  /** Of a task: its end with success. */
  doneMs: number | null;
}

export interface ServicePast {
  state: StateName;
  shown: string;
  sinceBootMs: number;
  sinceWallMs: number;
  rule: string;
  detail: string;
  pid: number | null;
  /** The plan has it no more. */
  removed: boolean;
  /** The first start of all and the last one. */
  first: StartTimes;
  last: StartTimes;
}

export interface Past {
  /** When the init of an initramfs began, when init began, and its first manager; null: not known, or there was none. */
  initramfsMs: number | null;
  initMs: number | null;
  managerMs: number | null;
  services: Record<string, ServicePast>;
}

export function emptyPast(): Past {
  return { initramfsMs: null, initMs: null, managerMs: null, services: {} };
}

const noTimes: StartTimes = { waitingMs: null, startingMs: null, execMs: null, readyMs: null, doneMs: null };

/** Brings the past up to the end of a line. */
export function addLine(past: Past, line: HistoryLine): void {
  for (const event of line.events) addEvent(past, line, event);
}

function addEvent(past: Past, at: HistoryLine, event: HistoryEvent): void {
  switch (event.event) {
    case "manager-started":
      if (event.initMs === null) return;
      past.initMs = event.initMs;
      past.initramfsMs = event.initramfsMs ?? null;
      past.managerMs = at.bootMs;
      return;
    case "plan-loaded":
      for (const name of event.added) past.services[name] = newService(at);
      for (const name of event.removed) {
        const service = past.services[name];
        if (service !== undefined) service.removed = true;
        forgetIfGone(past, name);
      }
      return;
    case "state-changed":
      changeState(serviceIn(past, event.service, at), at, event);
      forgetIfGone(past, event.service);
      return;
    case "process-started":
      if (event.process === "main") started(serviceIn(past, event.service, at), at, event.pid);
      return;
    case "process-ended":
      if (event.process === "main") serviceIn(past, event.service, at).pid = null;
      return;
  }
}

function newService(at: HistoryLine): ServicePast {
  return {
    state: "stopped",
    shown: "stopped",
    sinceBootMs: at.bootMs,
    sinceWallMs: at.wallMs,
    rule: "",
    detail: "",
    pid: null,
    removed: false,
    first: noTimes,
    last: noTimes,
  };
}

function serviceIn(past: Past, name: string, at: HistoryLine): ServicePast {
  const known = past.services[name];
  if (known !== undefined) return known;
  const service = newService(at);
  past.services[name] = service;
  return service;
}

/** A service that is in the plan no more is shown until it has ended. */
function forgetIfGone({ services }: Past, name: string): void {
  const service = services[name];
  if (service?.removed !== true) return;
  const { state } = service;
  if (state === "stopped" || state === "failed" || state === "done") delete services[name];
}

function started(service: ServicePast, at: HistoryLine, pid: number): void {
  service.pid = pid;
  reach(service, { execMs: at.bootMs });
}

function changeState(
  service: ServicePast,
  at: HistoryLine,
  { state, shown, rule, detail }: Extract<HistoryEvent, { event: "state-changed" }>,
): void {
  const before = service.state;
  service.state = state;
  service.shown = shown ?? state;
  service.sinceBootMs = at.bootMs;
  service.sinceWallMs = at.wallMs;
  service.rule = rule;
  service.detail = detail;
  const now = at.bootMs;
  if (state === "waiting") begin(service, { ...noTimes, waitingMs: now });
  else if (state === "starting" && before === "waiting") reach(service, { startingMs: now });
  else if (state === "starting") begin(service, { ...noTimes, waitingMs: now, startingMs: now });
  else if (state === "ready" && service.last.readyMs === null) reach(service, { readyMs: now });
  else if (state === "done") reach(service, { doneMs: now });
}

/** A new start. The first one that led to something stays. */
function begin(service: ServicePast, times: StartTimes): void {
  if (service.first.readyMs === null && service.first.doneMs === null) service.first = times;
  service.last = times;
}

/** A step of the last start, which may still be the first. */
function reach(service: ServicePast, step: Partial<StartTimes>): void {
  const isFirst = service.first.waitingMs === service.last.waitingMs;
  service.last = { ...service.last, ...step };
  if (isFirst) service.first = service.last;
}

export interface History {
  base: HistoryBase;
  lines: HistoryLine[];
}

/**
 * Reads the files' texts, the oldest first. A line that was cut by the death of its writer is left out, also where it is
 * the first one of a file. null: there is nothing.
 */
export function readHistory(texts: string[]): History | null {
  let base: HistoryBase | null = null;
  const lines: HistoryLine[] = [];
  for (const text of texts) {
    for (const line of text.split("\n")) {
      const value = parsedLine(line);
      if (value === null) continue;
      if ("past" in value) base ??= value;
      else if (base !== null) lines.push(value);
    }
  }
  return base === null ? null : { base, lines };
}

export function parsedLine(line: string): HistoryLine | HistoryBase | null {
  if (line === "") return null;
  try {
    return JSON.parse(line) as HistoryLine | HistoryBase;
  } catch {
    return null;
  }
}

/** The past at a moment of the clock that counts suspend. */
export function pastAt({ base, lines }: History, bootMs: number): Past {
  const past = base.past;
  for (const line of lines) {
    if (line.bootMs > bootMs) break;
    addLine(past, line);
  }
  return past;
}
