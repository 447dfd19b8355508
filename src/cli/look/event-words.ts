/** Events of the history in words. */

import type { HistoryEvent } from "../../control/history.ts";
import { shownDuration } from "../output.ts";

/** The service that an event is about; empty for those about the system. */
export function serviceOf(event: HistoryEvent): string {
  return "service" in event ? event.service : "";
}

/** One line, without the service's name. `rules`: their explanations. `was`: the state before, empty where it is not known. */
export function eventText(event: HistoryEvent, was: string, rules: Record<string, string>): string {
  switch (event.event) {
    case "state-changed": {
      const from = was === "" ? "" : `${was} -> `;
      return `${from}${event.shown ?? event.state}: ${rules[event.rule] ?? event.rule}${inBrackets(event.detail)}`;
    }
    case "health-changed":
      return `${event.health}${event.detail === "" ? "" : `: ${event.detail}`}`;
    case "process-started":
      return `pid ${event.pid} runs${kindText(event.process)}`;
    case "start-failed":
      return `cannot be started${kindText(event.process)}: ${event.detail === "" ? `errno ${event.errno}` : event.detail}`;
    case "process-ended":
      return processEnd(event);
    case "request-received":
      return `request ${event.id}: ${requestText(event)}, asked by ${asker(event)}`;
    case "request-ended":
      return `request ${event.id}: ${event.outcome}${event.detail === "" ? "" : `: ${event.detail}`}`;
    case "signal-received":
      return `${host.signalName(event.signal)} came, which means ${event.meaning}`;
    case "plan-loaded":
      return planText(event);
    case "shutdown-begun":
      return `the system ends: ${event.detail}`;
    case "clock-stepped":
      return `the clock was set ${event.stepMs > 0 ? "forward" : "back"} by ${spanText(Math.abs(event.stepMs))}`;
    case "manager-started":
      return event.life === 1 ? "gonit began" : `manager ${event.life} took over`;
    case "event-set-aside":
      return `set aside: ${event.eventKind}: ${event.detail}`;
  }
}

function inBrackets(text: string): string {
  return text === "" ? "" : ` (${text})`;
}

function kindText(process: string): string {
  return process === "main" ? "" : ` (${process})`;
}

function processEnd(event: Extract<HistoryEvent, { event: "process-ended" }>): string {
  const { pid, code, signal, core, cpuMs, maxRssKib, detail } = event;
  const facts = [
    core ? "core dumped" : "",
    `${spanText(cpuMs)} of processor time`,
    maxRssKib > 0 ? `${(maxRssKib / 1024).toFixed(1)} MiB at most` : "",
    detail,
  ].filter((text) => text !== "");
  return `pid ${pid} ${exitText(code, signal)}${kindText(event.process)}: ${facts.join(", ")}`;
}

function requestText({ verb, names, detail }: Extract<HistoryEvent, { event: "request-received" }>): string {
  return `${[verb, ...names].join(" ")}${inBrackets(detail)}`;
}

function asker({ uid, pid, command }: Extract<HistoryEvent, { event: "request-received" }>): string {
  return `${command === "" ? "a program" : command} (pid ${pid}) of user ${uid}`;
}

function planText(event: Extract<HistoryEvent, { event: "plan-loaded" }>): string {
  const { title, version, added, changed, removed } = event;
  const system = [title, version].filter((text) => text !== "").join(" ");
  const parts = [counted(added, "new"), counted(changed, "changed"), counted(removed, "gone")];
  return `the plan${system === "" ? "" : ` of ${system}`} is in place: ${parts.filter((text) => text !== "").join("; ") || "nothing changed"}`;
}

const namesShown = 5;

function counted(names: string[], what: string): string {
  if (names.length === 0) return "";
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : "";
  return `${what}: ${names.slice(0, namesShown).join(", ")}${more}`;
}

function exitText(code: number | null, signal: number | null): string {
  if (signal !== null) return `ended by ${host.signalName(signal)}`;
  return code === null ? "ended" : `exited ${code}`;
}

/** 7ms, 3.24s, 4m12s. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  return ms < 60_000 ? `${Math.round(ms / 10) / 100}s` : shownDuration(ms);
}
