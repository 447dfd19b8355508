/**
 * What may come next on a command line of gonit: verbs, options, values of options, services of the running instance.
 * All of it is in the table of verbs and in what each verb says of itself; the shells' scripts ask for it each time.
 */

import { type Command, type CommandModule, type Context, commandOf, type OptionSpec } from "../command.ts";
import { Connection, socketCandidates } from "../connection.ts";
import { CliOptions, commonOptions } from "../options.ts";
import { findVerb, verbs } from "../verbs.ts";

export interface Candidate {
  word: string;
  /** One line; may be empty. */
  help: string;
}

/** Stands for the names of files, which the shell knows itself. */
export const filesCandidate = ":files";
const files: Candidate[] = [{ word: filesCandidate, help: "" }];

/** `words`: those behind `gonit`; the last one is being typed, and may be empty. */
export function candidatesFor(words: string[]): Candidate[] {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  return following(before, current).filter(({ word }) => word === filesCandidate || word.startsWith(current));
}

function following(before: string[], current: string): Candidate[] {
  const [name] = before;
  if (name === undefined) return verbCandidates();
  const verb = findVerb(name);
  if (verb === undefined) return [];
  const command = commandOf(host.load(`cli/${verb.module}`) as CommandModule, verb.name);
  const specs = [...command.options, ...commonOptions];
  if (before.includes("--")) return files;
  const last = specs.find((spec) => spec.value !== "" && isNamed(spec, before.at(-1) ?? ""));
  if (last !== undefined && before.length > 1) return valuesOf(last);
  const equals = current.startsWith("--") ? current.indexOf("=") : -1;
  if (equals > 0) {
    const named = current.slice(0, equals + 1);
    const spec = specs.find((one) => one.name === current.slice(0, equals));
    const values = spec === undefined ? [] : valuesOf(spec);
    return values.map((value) => (value.word === filesCandidate ? value : { ...value, word: named + value.word }));
  }
  if (current.startsWith("-")) {
    return specs.flatMap(({ name, short, help }) =>
      [name, short].filter((word) => word !== "").map((word) => ({ word, help })),
    );
  }
  return operandsOf(command, before.slice(1), specs);
}

function isNamed({ name, short }: OptionSpec, word: string): boolean {
  return word === name || (short !== "" && word === short);
}

function verbCandidates(): Candidate[] {
  return verbs.flatMap(({ name, aliases, summary }) => [name, ...aliases].map((word) => ({ word, help: summary })));
}

function valuesOf({ value, choices }: OptionSpec): Candidate[] {
  if (choices !== undefined) return choices.map((word) => ({ word, help: "" }));
  if (value === "FILE" || value === "PATH") return files;
  if (value !== "SIGNAL") return [];
  return Array.from({ length: 31 }, (_, at) => ({ word: host.signalName(at + 1).replace(/^SIG/, ""), help: "" }));
}

/**
 * From the verb's usage line: NAME is a service, FILE a file, VERB a verb, words in small letters are themselves. An
 * option with its value is no operand.
 */
function operandsOf({ usage }: Command, typed: string[], specs: OptionSpec[]): Candidate[] {
  const found: Candidate[] = [];
  const words = (usage.split(" · ")[0] ?? "").split(" ").slice(1);
  let isOptional = false;
  for (const word of words) {
    const bare = word.replace(/[[\]…]/g, "");
    if (word.startsWith("[-")) isOptional = !word.endsWith("]");
    else if (isOptional) isOptional = !word.endsWith("]");
    else if (bare.startsWith("NAME")) found.push(...serviceCandidates(typed, specs));
    else if (bare === "FILE" || bare === "BINARY") found.push(...files);
    else if (bare === "VERB") found.push(...verbCandidates());
    else if (/^[a-z|]+$/.test(bare)) found.push(...bare.split("|").map((one) => ({ word: one, help: "" })));
  }
  return found;
}

/** Those of the instance that the command line means. Empty when none answers. */
function serviceCandidates(typed: string[], specs: OptionSpec[]): Candidate[] {
  const options = new CliOptions();
  for (const [at, word] of typed.entries()) {
    for (const { name } of specs.filter((spec) => spec.name === "--socket" || spec.name === "--instance")) {
      if (word === name) options.set(name, typed[at + 1] ?? "");
      else if (word.startsWith(`${name}=`)) options.set(name, word.slice(name.length + 1));
    }
  }
  const context: Context = { verb: "completion", words: [], options };
  const connection = Connection.open(socketCandidates(context));
  if (typeof connection === "number") return [];
  const answer = connection.request("graph", {});
  connection.close();
  if ("error" in answer) return [];
  const { services } = answer.result;
  const tags = [...new Set(services.flatMap((service) => service.tags))];
  return [
    ...services.map(({ name, shown }) => ({ word: name, help: shown })),
    ...tags.map((tag) => ({ word: `tag:${tag}`, help: "services with this tag" })),
  ];
}
