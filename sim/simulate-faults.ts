/** `--fault`: what goes wrong, with what, and when. */

import { ProcessKind, Stage } from "../src/contract.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import { type ClauseName, type Phrase, Reader, type When } from "./simulate-language.ts";
import { namesOf } from "./simulate-names.ts";

const SIGKILL = 9;
const SIGSEGV = 11;

export type FaultAction =
  /** A process ends by itself. */
  | { kind: "ends"; code: number | null; signal: number | null; because?: string }
  | { kind: "start-fails"; stage: number; errno: number }
  /** It does not come to run its program. */
  | { kind: "hangs" }
  | { kind: "never-ready" }
  | { kind: "ready-after"; ms: number }
  /** 0: all that can be ignored. */
  | { kind: "ignores"; signal: number }
  | { kind: "survives-kill"; ms: number }
  | { kind: "stops-after"; ms: number }
  | { kind: "runs-for"; ms: number }
  | { kind: "disk-full" }
  | { kind: "leaves"; count: number }
  | { kind: "manager-crashes" }
  | { kind: "logger-crashes" }
  | { kind: "clock-jumps"; ms: number };

/** How a program ends; `because`: what stands behind it, in words. */
export type EndOfProgram = Pick<Extract<FaultAction, { kind: "ends" }>, "code" | "signal" | "because">;

export interface Fault {
  text: string;
  /** Services that it is about; those of the whole system name all of them. */
  names: string[];
  /** ProcessKind.*: the service's program, or one of its commands. */
  part: number;
  action: FaultAction;
  when: When;
}

/** Faults by chance, from the seed. */
export type Chance = "none" | "few" | "many";

const spell: ClauseName[] = ["at", "from", "until", "for"];
const starts: ClauseName[] = [...spell, "times", "once"];
const ends: ClauseName[] = [...starts, "after"];
const atOnly: ClauseName[] = ["at"];

/** A phrase with its one value, if it has one, as this field of the action. */
type Row = [
  words: string,
  when: ClauseName[],
  action: FaultAction,
  field?: "code" | "signal" | "errno" | "ms" | "count",
];

function phrases(rows: Row[]): Phrase<FaultAction>[] {
  return rows.map(([words, when, action, field]) => ({
    words,
    when,
    make: (values) => (field === undefined ? action : { ...action, [field]: [...values.values()][0] }),
  }));
}

const exits: FaultAction = { kind: "ends", code: null, signal: null };

function startFails(stage: number): FaultAction {
  return { kind: "start-fails", stage, errno: 0 };
}

/** What a service can do wrong. */
export const programFaults = phrases([
  ["exits CODE", ends, exits, "code"],
  ["is killed [by] SIGNAL", ends, exits, "signal"],
  ["dies", ends, { ...exits, signal: SIGKILL }],
  ["crashes", ends, { ...exits, signal: SIGSEGV }],
  ["[runs] out of memory", ends, { ...exits, signal: SIGKILL, because: "out of memory" }],
  ["exec fails ERRNO", starts, startFails(Stage.exec), "errno"],
  ["fork fails ERRNO", starts, startFails(Stage.clone), "errno"],
  ["directory fails ERRNO", starts, startFails(Stage.directory), "errno"],
  ["user fails ERRNO", starts, startFails(Stage.lookupUser), "errno"],
  ["hangs in start", starts, { kind: "hangs" }],
  ["hangs in stop", spell, { kind: "ignores", signal: 0 }],
  ["[is] never ready", starts, { kind: "never-ready" }],
  ["[is] ready after TIME", starts, { kind: "ready-after", ms: 0 }, "ms"],
  ["takes TIME", starts, { kind: "runs-for", ms: 0 }, "ms"],
  ["takes TIME to start", starts, { kind: "ready-after", ms: 0 }, "ms"],
  ["takes TIME to stop", spell, { kind: "stops-after", ms: 0 }, "ms"],
  ["ignores SIGNAL", spell, { kind: "ignores", signal: 0 }, "signal"],
  ["survives KILL for TIME", ["at", "from", "until"], { kind: "survives-kill", ms: 0 }, "ms"],
  ["leaves COUNT processes", starts, { kind: "leaves", count: 0 }, "count"],
  ["[has] disk full", spell, { kind: "disk-full" }],
]);

/** What one of its commands can do wrong. */
export const commandFaults = phrases([
  ["exits CODE", ends, exits, "code"],
  ["exec fails ERRNO", starts, startFails(Stage.exec), "errno"],
  ["takes TIME", starts, { kind: "runs-for", ms: 0 }, "ms"],
  ["hangs", starts, { kind: "runs-for", ms: Number.POSITIVE_INFINITY }],
]);

/** What can go wrong with everything. */
export const systemFaults = phrases([
  ["fork fails ERRNO", spell, startFails(Stage.clone), "errno"],
  ["disk [is] full", spell, { kind: "disk-full" }],
  ["manager crashes", atOnly, { kind: "manager-crashes" }],
  ["logger crashes", atOnly, { kind: "logger-crashes" }],
  ["clock jumps JUMP", atOnly, { kind: "clock-jumps", ms: 0 }, "ms"],
]);

export const chances: Chance[] = ["none", "few", "many"];

const parts: Record<string, { kind: number; isThere: (plan: ServicePlan) => boolean; key: string }> = {
  pre_start: { kind: ProcessKind.preStart, isThere: (plan) => plan.preStart.length > 0, key: "pre_start" },
  post_stop: { kind: ProcessKind.postStop, isThere: (plan) => plan.postStop.length > 0, key: "post_stop" },
  stop_command: { kind: ProcessKind.stop, isThere: (plan) => plan.stop.command !== null, key: "stop: {command}" },
  reload_command: {
    kind: ProcessKind.reload,
    isThere: (plan) => plan.reload.kind === "command",
    key: "reload: {command}",
  },
};

/** Reads one sentence. Throws Misread. */
export function readFault(text: string, services: ServicePlan[]): Fault | Chance {
  const reader = new Reader(text);
  const chance = chances.find((one) => one === text);
  if (chance !== undefined) return chance;
  const names = services.map(({ name }) => name);
  const first = reader.word;
  // A service may be called `disk`: its own faults begin with other words.
  if (new Reader(text).phrase(systemFaults) !== null || (isSystemWord(first.text) && !names.includes(first.text))) {
    const { made, when } = reader.sentence(systemFaults);
    if (["manager-crashes", "logger-crashes", "clock-jumps"].includes(made.kind) && when.at === undefined)
      reader.fail("the time is missing", `say when: ${text} at 4s`);
    return { text, names, part: ProcessKind.main, action: made, when };
  }
  const others = [...systemFaults.map(({ words }) => words.split(" ")[0] as string), ...chances];
  const named = namesOf(reader, first, services, others);
  reader.at = 1;
  return readServiceFault(reader, named, services);
}

function isSystemWord(word: string): boolean {
  return systemFaults.some(({ words }) => words.startsWith(`${word} `));
}

function readServiceFault(reader: Reader, names: string[], services: ServicePlan[]): Fault {
  const plans = services.filter(({ name }) => names.includes(name));
  const part = parts[reader.word.text];
  if (part !== undefined) {
    const without = plans.find((plan) => !part.isThere(plan));
    if (without !== undefined && plans.length === 1) reader.fail(`${without.name} has no ${part.key}`);
    reader.at++;
    const { made, when } = reader.sentence(commandFaults);
    return { text: reader.text, names, part: part.kind, action: made, when };
  }
  const what = reader.word;
  const { made, when } = reader.sentence(programFaults);
  for (const plan of plans) {
    const why = plans.length === 1 ? senseless(plan, made, when) : "";
    if (why !== "") reader.fail(why, "", what);
  }
  return { text: reader.text, names, part: ProcessKind.main, action: made, when };
}

/** Why a fault cannot happen to a service; empty when it can. */
function senseless({ name, type, ready }: ServicePlan, action: FaultAction, when: When): string {
  if (type === "group") return `${name} is a group: it has no process of its own`;
  const isReadyAtOnce = ready.kind === "started" && type === "service";
  if (isReadyAtOnce && (action.kind === "never-ready" || action.kind === "ready-after"))
    return `${name} declares no readiness: it is ready as soon as its program runs; give it ready:, or say "hangs in start"`;
  if (action.kind === "runs-for" && type === "service" && ready.kind !== "exit")
    return `${name} runs until it is stopped; say "takes 5s to start", "takes 5s to stop" or "exits 0 after 5s"`;
  if (action.kind === "ignores" && action.signal === SIGKILL)
    return `no process can ignore KILL; say "${name} survives KILL for 5s"`;
  if (action.kind === "ends" && when.at !== undefined && (when.after !== undefined || when.times !== undefined))
    return 'say either "at" (once, at this time) or "after" (this long after each start)';
  return "";
}
