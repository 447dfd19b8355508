/** `--do`: what somebody asks of the running system, and when. */

import { ShutdownMode } from "../src/contract.ts";
import type { Request } from "../src/engine/event.ts";
import type { Plan, ServicePlan } from "../src/engine/plan.ts";
import { type Phrase, Reader, type Values, type Word } from "./simulate-language.ts";
import { namesOf } from "./simulate-names.ts";

export interface Order {
  text: string;
  atMs: number;
  /** An apply brings its plan. */
  what: { request: Request } | { plan: Plan };
}

type Made = (names: string[], values: Values) => Request;

/** Names stand between the verb and `at`. */
const withNames: Record<string, Made> = {
  start: (names) => ({ verb: "start", names }),
  stop: (names) => ({ verb: "stop", names, force: false }),
  "force stop": (names) => ({ verb: "stop", names, force: true }),
  restart: (names) => ({ verb: "restart", names }),
  reload: (names) => ({ verb: "reload", names }),
  "kill SIGNAL": (names, values) => ({
    verb: "kill",
    names,
    signal: values.get("SIGNAL") as number,
    scope: "process",
  }),
};

const shutdowns: Record<string, { mode: number; force: boolean }> = {
  shutdown: { mode: ShutdownMode.exit, force: false },
  "force shutdown": { mode: ShutdownMode.exit, force: true },
  poweroff: { mode: ShutdownMode.poweroff, force: false },
  reboot: { mode: ShutdownMode.reboot, force: false },
};

/** Everything that a sentence can begin with. */
export const orderVerbs = [...Object.keys(withNames), ...Object.keys(shutdowns), "apply FILE"];

/** Reads a file that an apply names. Throws a text that says why it cannot be used. */
export type LoadPlan = (path: string) => Plan;

/** Reads one sentence. Throws Misread. */
export function readOrder(text: string, services: ServicePlan[], loadPlan: LoadPlan): Order {
  const reader = new Reader(text);
  const phrases: Phrase<string>[] = orderVerbs.map((words) => ({ words, when: [], make: () => words }));
  const found = reader.phrase(phrases);
  if (found === null) {
    reader.sentence(phrases);
    throw new Error("unreachable");
  }
  const verb = found.phrase.words;
  const file = reader.words[reader.at - 1] as Word;
  const words: Word[] = [];
  while (!reader.isAtEnd && reader.word.text !== "at") words.push(reader.words[reader.at++] as Word);
  const atMs = readTime(reader, text);
  return { text, atMs, what: whatOf(reader, verb, words, found.values, services, () => loadPlan(file.text)) };
}

function readTime(reader: Reader, text: string): number {
  if (reader.isAtEnd) reader.fail("the time is missing", `say when: ${text} at 10s`);
  const { made } = reader.sentence([{ words: "at TIME", when: [], make: (values) => values.get("TIME") as number }]);
  return made;
}

function whatOf(
  reader: Reader,
  verb: string,
  words: Word[],
  values: Values,
  services: ServicePlan[],
  loadPlan: () => Plan,
): Order["what"] {
  const make = withNames[verb];
  if (make !== undefined) {
    if (words.length === 0) reader.fail("name at least one service", "", reader.words[0]);
    const names = words.flatMap((word) => namesOf(reader, word, services));
    return { request: make([...new Set(names)], values) };
  }
  if (words[0] !== undefined) reader.fail(`"${words[0].text}" means nothing here`, "", words[0]);
  const shutdown = shutdowns[verb];
  if (shutdown === undefined) return { plan: loadPlan() };
  const typed = shutdown.force ? "shutdown --force" : verb;
  return { request: { verb: "shutdown", ...shutdown, exitCode: null, reason: `asked for by gonit ${typed}` } };
}
