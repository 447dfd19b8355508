/** `--expect`: what must be true of a simulated run, and whether it was. */

import type { ServicePlan } from "../src/engine/plan.ts";
import { type History, isUp, type Moment } from "./simulate-history.ts";
import { type ClauseName, type Phrase, Reader, type Values, type When } from "./simulate-language.ts";
import { namesOf } from "./simulate-names.ts";
import { timeText } from "./simulate-time.ts";

export interface Expectation {
  text: string;
  /** Latest time that it speaks of. */
  untilMs: number;
  /** It speaks of a shutdown: there must be one. */
  needsShutdown: boolean;
  judge: Judge;
}

/** Why it does not hold; empty: it holds. */
type Judge = (history: History) => string;

type ServiceJudge = (history: History, plan: ServicePlan) => string;

const states = [
  "ready",
  "running",
  "up",
  "down",
  "starting",
  "waiting",
  "blocked",
  "reloading",
  "stopping",
  "stopped",
  "backing-off",
  "failed",
  "done",
];
const systemStates = ["booting", "running", "degraded", "idle", "stopping", "down"];

function matches(state: string, wanted: string, plan: ServicePlan): boolean {
  switch (wanted) {
    case "ready":
    case "running":
    case "up":
      return isUp(state, plan) || (wanted === "running" && plan.type === "task" && state === "ready");
    case "down":
      return !isUp(state, plan);
    case "waiting":
      return state === "waiting" || state === "blocked";
    default:
      return state === wanted;
  }
}

const happenings: Record<string, (moments: Moment[], plan: ServicePlan | undefined) => Moment | undefined> = {
  starts: (moments) => moments.find(({ state }) => state === "starting" || state === "ready"),
  "is ready": (moments, plan) => moments.find(({ state }) => plan !== undefined && isUp(state, plan)),
  "is done": (moments) => moments.find(({ state }) => state === "done"),
  fails: (moments) => moments.find(({ state }) => state === "failed"),
  // Of many stops the last one counts: that of the shutdown.
  stops: (moments) => moments.findLast(({ state }) => state === "stopped"),
};

/** What a service can be expected to do. */
export const serviceExpectations: Phrase<ServiceJudge>[] = [
  ...states.flatMap(statePhrases),
  restartPhrase("restarts at most COUNT times", (found, count) => found <= count),
  restartPhrase("restarts at least COUNT times", (found, count) => found >= count),
  restartPhrase("restarts COUNT times", (found, count) => found === count),
  restartPhrase("restarts once", (found) => found === 1),
  restartPhrase("never restarts", (found) => found === 0),
  ...orderPhrases(),
];

/** What the system can be expected to do. */
export const systemExpectations: Phrase<Judge>[] = [
  ...systemStates.flatMap(systemStatePhrases),
  { words: "ends", when: ["within"], make: (_, when) => (history) => endsWithin(history, when.within) },
  { words: "never ends", when: [], make: () => neverEnds },
  { words: "exits CODE", when: [], make: (values) => (history) => exitsWith(history, values.get("CODE") as number) },
];

const shutdownExpectations: Phrase<Judge>[] = ["takes at most TIME", "takes TIME", "within TIME"].map((words) => ({
  words,
  when: [],
  make: (values) => (history) => shutdownTakes(history, values.get("TIME") as number),
}));

/** Reads one sentence. Throws Misread. */
export function readExpectation(text: string, services: ServicePlan[]): Expectation {
  const reader = new Reader(text);
  const first = reader.word;
  const isSystem = first.text === "system" || first.text === "shutdown";
  if (isSystem && !services.some(({ name }) => name === first.text)) {
    reader.at = 1;
    const phrases = first.text === "system" ? systemExpectations : shutdownExpectations;
    const { made, when } = reader.sentence(phrases);
    return { text, untilMs: latest(when), needsShutdown: first.text === "shutdown", judge: made };
  }
  const names = namesOf(reader, first, services, ["system", "shutdown"]);
  reader.at = 1;
  const from = reader.at;
  const { made, when } = reader.sentence(serviceExpectations);
  checkOther(reader, from, services);
  const plans = services.filter(({ name }) => names.includes(name));
  const isMany = plans.length > 1;
  const isAboutEnd = reader.words[from]?.text === "stops";
  return {
    text,
    untilMs: latest(when),
    needsShutdown: isAboutEnd,
    judge: (history) => {
      for (const plan of plans) {
        if (isMany && !wasWanted(history, plan.name)) continue;
        const why = made(history, plan);
        if (why !== "") return isMany ? `${plan.name}: ${why}` : why;
      }
      return "";
    },
  };
}

/** Of `all`, those that nobody wanted are not meant. */
function wasWanted(history: History, name: string): boolean {
  return history.of(name).some(({ wanted }) => wanted);
}

function latest(when: When): number {
  return Math.max(0, ...[when.at, when.within, when.from, when.to].map((ms) => ms ?? 0));
}

/** The other service of `starts after NAME …`. */
function checkOther(reader: Reader, from: number, services: ServicePlan[]): void {
  const at = reader.words.findIndex(({ text }, index) => index >= from && (text === "before" || text === "after"));
  const word = reader.words[at + 1];
  if (at >= 0 && word !== undefined) namesOf(reader, word, services);
}

function statePhrases(state: string): Phrase<ServiceJudge>[] {
  const interval: ClauseName[] = ["from", "to"];
  const never: Phrase<ServiceJudge>["make"] = (_, when) => (history, plan) =>
    within(history, plan, { from: 0, ...when }, (found) => !matches(found, state, plan));
  return [
    { words: `is ${state}`, when: ["at", "within", ...interval], make: (_, when) => isState(state, when) },
    { words: `is not ${state}`, when: ["at"], make: (_, when) => isNotState(state, when) },
    { words: `is never ${state}`, when: interval, make: never },
    { words: `never ${state}`, when: interval, make: never },
    { words: `stays ${state}`, when: interval, make: (_, when) => staysState(state, when) },
  ];
}

function isNotState(state: string, when: When): ServiceJudge {
  return (history, plan) => {
    const atMs = when.at ?? history.endMs;
    return matches(history.stateAt(plan.name, atMs), state, plan) ? `it is at ${timeText(atMs)}` : "";
  };
}

function staysState(state: string, when: When): ServiceJudge {
  return (history, plan) =>
    within(history, plan, { from: firstMs(history, plan, state), ...when }, (found) => matches(found, state, plan));
}

/** Without `from`, it is to stay from the first time on; what never comes does not stay. */
function firstMs(history: History, plan: ServicePlan, state: string): number {
  return history.of(plan.name).find((moment) => matches(moment.state, state, plan))?.atMs ?? 0;
}

function isState(state: string, when: When): ServiceJudge {
  return (history, plan) => {
    if (when.from !== undefined || when.to !== undefined)
      return within(history, plan, when, (found) => matches(found, state, plan));
    const first = history.of(plan.name).find((moment) => matches(moment.state, state, plan));
    if (when.within !== undefined) {
      if (first !== undefined && first.atMs <= when.within) return "";
      return first === undefined ? neverText(history, plan, state) : `it is first at ${timeText(first.atMs)}`;
    }
    const atMs = when.at ?? history.endMs;
    const found = history.stateAt(plan.name, atMs);
    if (matches(found, state, plan)) return "";
    return `it is ${found} ${when.at === undefined ? "at the end" : `at ${timeText(atMs)}`}`;
  };
}

function neverText(history: History, plan: ServicePlan, state: string): string {
  return `it was never ${state}; at the end it is ${history.stateAt(plan.name, history.endMs)}`;
}

/** Whether a state holds from a time on, up to another. */
function within(history: History, plan: ServicePlan, when: When, holds: (state: string) => boolean): string {
  const from = when.from ?? 0;
  const to = when.to ?? Number.POSITIVE_INFINITY;
  const atFrom = history.stateAt(plan.name, from);
  if (!holds(atFrom)) return `it is ${atFrom} at ${timeText(from)}`;
  const broken = history.of(plan.name).find(({ atMs, state }) => atMs >= from && atMs < to && !holds(state));
  return broken === undefined ? "" : `it is ${broken.state} at ${timeText(broken.atMs)}`;
}

function restartPhrase(words: string, holds: (found: number, count: number) => boolean): Phrase<ServiceJudge> {
  return {
    words,
    when: [],
    make: (values) => (history, plan) => {
      const found = history.restarts(plan.name);
      if (holds(found, (values.get("COUNT") as number | undefined) ?? 0)) return "";
      return found === 0 ? "it never restarts" : `it restarts ${found === 1 ? "once" : `${found} times`}`;
    },
  };
}

/** First times are compared, and of stops the last. */
function orderPhrases(): Phrase<ServiceJudge>[] {
  const phrases: Phrase<ServiceJudge>[] = [];
  for (const one of Object.keys(happenings)) {
    for (const order of ["before", "after"] as const) {
      for (const other of Object.keys(happenings)) {
        const make = (values: Values) => orderJudge(one, order, values.get("NAME") as string, other);
        phrases.push({ words: `${one} ${order} NAME ${other}`, when: [], make });
        if (one === other) phrases.push({ words: `${one} ${order} NAME`, when: [], make });
      }
    }
  }
  return phrases;
}

function orderJudge(one: string, order: "before" | "after", name: string, other: string): ServiceJudge {
  return (history, plan) => {
    const mine = happenings[one]?.(history.of(plan.name), plan);
    const theirs = happenings[other]?.(history.of(name), plan);
    if (mine === undefined) return `${plan.name} never ${past[one]}`;
    if (theirs === undefined) return order === "before" ? "" : `${name} never ${past[other]}`;
    const isBefore = mine.sequence < theirs.sequence;
    if (isBefore === (order === "before")) return "";
    return `${plan.name} ${past[one]} at ${timeText(mine.atMs)}, ${name} ${past[other]} at ${timeText(theirs.atMs)}`;
  };
}

const past: Record<string, string> = {
  starts: "started",
  "is ready": "was ready",
  "is done": "was done",
  fails: "failed",
  stops: "stopped",
};

function systemStatePhrases(state: string): Phrase<Judge>[] {
  return [
    { words: `is ${state}`, when: ["at", "within"], make: (_, when) => (history) => systemIs(history, state, when) },
    { words: `is never ${state}`, when: [], make: () => (history) => systemNever(history, state) },
  ];
}

function systemNever(history: History, state: string): string {
  const found = history.system.find((moment) => moment.state === state);
  return found === undefined ? "" : `it is ${state} at ${timeText(found.atMs)}`;
}

function systemIs(history: History, state: string, when: When): string {
  const moments = history.system;
  if (when.within !== undefined) {
    const first = moments.find((moment) => moment.state === state);
    if (first !== undefined && first.atMs <= when.within) return "";
    return first === undefined ? `it was never ${state}` : `it is first at ${timeText(first.atMs)}`;
  }
  const atMs = when.at ?? history.endMs;
  const found = moments.findLast((moment) => moment.atMs <= atMs)?.state ?? "booting";
  return found === state ? "" : `it is ${found} ${when.at === undefined ? "at the end" : `at ${timeText(atMs)}`}`;
}

function endsWithin({ downMs }: History, limitMs: number | undefined): string {
  if (downMs === null) return "it goes on";
  return limitMs === undefined || downMs <= limitMs ? "" : `it was down at ${timeText(downMs)}`;
}

function neverEnds({ downMs }: History): string {
  return downMs === null ? "" : `it was down at ${timeText(downMs)}`;
}

function exitsWith({ downMs, exitCode }: History, code: number): string {
  if (downMs === null) return "it goes on";
  return exitCode === code ? "" : `it exits ${exitCode}`;
}

function shutdownTakes({ shutdownMs, downMs }: History, limitMs: number): string {
  if (shutdownMs === null) return "nothing shut it down";
  if (downMs === null) return "it did not come to its end";
  const ms = downMs - shutdownMs;
  return ms <= limitMs ? "" : `it took ${timeText(ms)}`;
}
