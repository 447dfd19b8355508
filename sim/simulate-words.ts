/** Why a simulated service starts, is ready, or is stopped, in words. */

import { ProcessKind } from "../src/contract.ts";
import type { Reply } from "../src/engine/effect.ts";
import type { Edge, Node } from "../src/engine/engine.ts";
import { availability, isBinding } from "../src/engine/ordering.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import { isStopCause } from "../src/engine/unit.ts";
import { causeText } from "../src/engine/words.ts";

const namesMax = 4;

/** What it waited for, else why it is wanted. */
export function startReason({ unit, needs }: Node, isAgain: boolean): string {
  const met = needs
    .filter(({ old, kind }) => !old && kind === "need")
    .map(metText)
    .filter((text) => text !== "");
  if (met.length > namesMax) return `${met.slice(0, namesMax).join(", ")} and ${met.length - namesMax} more are there`;
  if (met.length > 0) return met.join(", ");
  if (!isAgain) return unit.wantedBecause === "enabled" ? "" : unit.wantedBecause;
  return unit.failures > 1 ? `failure ${unit.failures} in a row` : "";
}

function metText({ to, name, wait, required }: Edge): string {
  const { state } = to.unit;
  if (state === "ready" || state === "reloading")
    return to.plan.ready.kind === "started" && to.plan.type !== "group" ? `${name} runs` : `${name} is ready`;
  if (state === "done") return `${name} is done`;
  if (state === "starting" && wait === "started") return `${name} has started`;
  return required ? "" : `${name} is not required`;
}

/** By what it is known to be ready. */
export function readyText({ ready }: ServicePlan, rule: string): string {
  if (rule === "adopted") return "it was running";
  switch (ready.kind) {
    case "tcp":
      return `${ready.host}:${ready.port} accepts`;
    case "unix":
      return `${ready.path} accepts`;
    case "file":
      return `${ready.path} is there`;
    case "http":
      return `http://${ready.host}:${ready.port}${ready.target} answers well`;
    case "exec":
      return `${ready.command.argv.join(" ")} succeeds`;
    case "notify":
      return "READY=1";
    case "fd":
      return `a line on descriptor ${ready.fd}`;
    case "log":
      return `it printed ${JSON.stringify(ready.text)}`;
    case "exit":
      return "its program ended with success";
    case "started":
      return "";
  }
}

/** `detail` is what the engine recorded with the stop: a cause, or what went wrong. */
export function stopReason(node: Node, detail: string, lostTo: string): { text: string; isBad: boolean } {
  const { unit } = node;
  if (!isStopCause(detail)) return { text: detail, isBad: true };
  if (detail === "dependency") return { text: lostText(node, lostTo), isBad: false };
  if (detail === "shutdown") return { text: "", isBad: false };
  if (detail === "request" || detail === "conflict") return { text: unit.wantedBecause, isBad: false };
  return { text: causeText(detail), isBad: false };
}

/** What it needs is gone, or is to be stopped after it. */
function lostText({ needs }: Node, lostTo: string): string {
  if (lostTo !== "") return `${lostTo}, which it needs, is gone`;
  const leaving = needs.find((edge) => isBinding(edge) && edge.to.unit.stopWish !== "");
  return leaving === undefined ? causeText("dependency") : `${leaving.name}, which it needs, is to be stopped`;
}

/** The commands of a service as the configuration calls them. */
export const commandNames: Record<number, string> = {
  [ProcessKind.preStart]: "pre_start",
  [ProcessKind.postStop]: "post_stop",
  [ProcessKind.stop]: "its stop command",
  [ProcessKind.reload]: "its reload command",
};

/** A fault as a reason; empty where there is none. */
export function faultText(blame: string): string {
  if (blame === "") return "";
  return blame === "by chance" ? blame : `fault: ${blame}`;
}

/** Why it was given up. */
export function failedText(rule: string, detail: string): string {
  if (rule === "permanent-error") return "failed: no new try can mend this";
  if (rule === "policy-no-restart") return "failed: restart: no";
  return `failed: ${detail.split(": ")[0]}`;
}

/** What it waits for before it starts again. */
export function waitsText({ needs }: Node): string {
  const waits = needs.filter((edge) => edge.kind === "need" && !edge.old && availability(edge) !== "met");
  return waits.length === 0 ? "" : `waits for ${waits.map(({ name }) => name).join(", ")}`;
}

/** What became of a request; empty: all went well. */
export function replyText(reply: Reply): string {
  switch (reply.outcome) {
    case "done":
      return "";
    case "failed":
    case "timed-out":
    case "refused":
      return `${reply.outcome}: ${reply.reason}`;
    case "rolled-back":
      return `taken back: ${reply.reason}`;
    case "replaced":
      return "replaced by a newer request";
    case "unknown-name":
      return `there is no service ${reply.names.join(", ")}`;
  }
}
