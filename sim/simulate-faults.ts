/** `--fault`: what goes wrong, with what, and when. */

import { ProcessKind, Stage } from "../src/contract.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import { type ClauseName, type Phrase, Reader, type Values, type When } from "./simulate-language.ts";
import { namesOf } from "./simulate-names.ts";

const SIGKILL = 9;
const SIGSEGV = 11;

export type FaultAction =
  /** A process ends by itself. */
  | { kind: "ends"; code: number | null; signal: number | null }
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

type Make = (values: Values) => FaultAction;

const spell: ClauseName[] = ["at", "from", "until", "for"];
const starts: ClauseName[] = [...spell, "times", "once"];
const ends: ClauseName[] = ["at", "after", "from", "until", "for", "times", "once"];

function number(values: Values, place: string): number {
  return values.get(place) as number;
}

function failsAt(stage: number): Make {
  return (values) => ({ kind: "start-fails", stage, errno: number(values, "ERRNO") });
}

/** What a service can do wrong. */
export const programFaults: Phrase<FaultAction>[] = [
  { words: "exits CODE", when: ends, make: (values) => ({ kind: "ends", code: number(values, "CODE"), signal: null }) },
  {
    words: "is killed [by] SIGNAL",
    when: ends,
    make: (values) => ({ kind: "ends", code: null, signal: number(values, "SIGNAL") }),
  },
  { words: "dies", when: ends, make: () => ({ kind: "ends", code: null, signal: SIGKILL }) },
  { words: "crashes", when: ends, make: () => ({ kind: "ends", code: null, signal: SIGSEGV }) },
  { words: "exec fails ERRNO", when: starts, make: failsAt(Stage.exec) },
  { words: "fork fails ERRNO", when: starts, make: failsAt(Stage.clone) },
  { words: "directory fails ERRNO", when: starts, make: failsAt(Stage.directory) },
  { words: "user fails ERRNO", when: starts, make: failsAt(Stage.lookupUser) },
  { words: "hangs in start", when: starts, make: () => ({ kind: "hangs" }) },
  { words: "hangs in stop", when: spell, make: () => ({ kind: "ignores", signal: 0 }) },
  { words: "[is] never ready", when: starts, make: () => ({ kind: "never-ready" }) },
  {
    words: "[is] ready after TIME",
    when: starts,
    make: (values) => ({ kind: "ready-after", ms: number(values, "TIME") }),
  },
  { words: "takes TIME", when: starts, make: (values) => ({ kind: "runs-for", ms: number(values, "TIME") }) },
  {
    words: "takes TIME to start",
    when: starts,
    make: (values) => ({ kind: "ready-after", ms: number(values, "TIME") }),
  },
  { words: "takes TIME to stop", when: spell, make: (values) => ({ kind: "stops-after", ms: number(values, "TIME") }) },
  { words: "ignores SIGNAL", when: spell, make: (values) => ({ kind: "ignores", signal: number(values, "SIGNAL") }) },
  {
    words: "survives KILL for TIME",
    when: ["at", "from", "until"],
    make: (values) => ({ kind: "survives-kill", ms: number(values, "TIME") }),
  },
  {
    words: "leaves COUNT processes",
    when: starts,
    make: (values) => ({ kind: "leaves", count: number(values, "COUNT") }),
  },
  { words: "[has] disk full", when: spell, make: () => ({ kind: "disk-full" }) },
];

/** What one of its commands can do wrong. */
export const commandFaults: Phrase<FaultAction>[] = [
  {
    words: "exits CODE",
    when: [...starts, "after"],
    make: (values) => ({ kind: "ends", code: number(values, "CODE"), signal: null }),
  },
  { words: "exec fails ERRNO", when: starts, make: failsAt(Stage.exec) },
  { words: "takes TIME", when: starts, make: (values) => ({ kind: "runs-for", ms: number(values, "TIME") }) },
  { words: "hangs", when: starts, make: () => ({ kind: "runs-for", ms: Number.POSITIVE_INFINITY }) },
];

/** What can go wrong with everything. */
export const systemFaults: Phrase<FaultAction>[] = [
  { words: "fork fails ERRNO", when: spell, make: failsAt(Stage.clone) },
  { words: "disk [is] full", when: spell, make: () => ({ kind: "disk-full" }) },
  { words: "manager crashes", when: ["at"], make: () => ({ kind: "manager-crashes" }) },
  { words: "logger crashes", when: ["at"], make: () => ({ kind: "logger-crashes" }) },
  { words: "clock jumps JUMP", when: ["at"], make: (values) => ({ kind: "clock-jumps", ms: number(values, "JUMP") }) },
];

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
