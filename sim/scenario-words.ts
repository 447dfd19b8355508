/** The words of scenarios: how effects and events are written down, and messages to the notify socket read. */

import { ProcessKind, SignalScope, Stage } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";
import { milliseconds } from "./scenario-plan.ts";

/** status:serving extend:5s errno:5 ready reloading: what a message to the notify socket says. */
export function notifyFields(words: string[]) {
  const value = (key: string) => words.find((word) => word.startsWith(`${key}:`))?.slice(key.length + 1) ?? null;
  const [extend, errno, limit, pid] = [value("extend"), value("errno"), value("watchdog-limit"), value("main-pid")];
  return {
    ready: words.includes("ready"),
    reloading: words.includes("reloading"),
    status: value("status"),
    extendTimeoutMs: extend === null ? null : milliseconds(extend),
    errno: errno === null ? null : Number(errno),
    stopping: value("stopping") !== null,
    watchdog: (value("watchdog") ?? "") as "alive",
    mainPid: pid === null ? null : Number(pid),
    watchdogMs: limit === null ? null : milliseconds(limit),
  };
}

export function stageOf(stage: number): string {
  return Object.entries(Stage).find(([, number]) => number === stage)?.[0] ?? String(stage);
}

export function kindOf(kind: number): string {
  return Object.entries(ProcessKind).find(([, number]) => number === kind)?.[0] ?? String(kind);
}

export function scopeName(scope: number): string {
  return Object.entries(SignalScope).find(([, number]) => number === scope)?.[0] ?? String(scope);
}

export function fieldsText(fields: Record<string, string | number>): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${/^[^\s"]*$/.test(String(value)) ? value : JSON.stringify(value)}`)
    .join("");
}

export function replyText(reply: Extract<Effect, { kind: "reply" }>["reply"]): string {
  const results =
    "results" in reply
      ? reply.results.map(({ instance, did, state }) => ` ${instance}=${did || "-"}/${state.split(":")[0]}`).join("")
      : "";
  if (reply.outcome === "unknown-name") return `unknown-name ${reply.names.join(" ")} (${reply.suggestions.join(" ")})`;
  if (reply.outcome === "rolled-back")
    return `rolled-back${results}: ${reply.reason}${reply.lines.map((line) => ` | ${line}`).join("")}`;
  if (reply.outcome === "replaced") return `replaced${results}`;
  return `${reply.outcome}${results}${"reason" in reply ? `: ${reply.reason}` : ""}`;
}
