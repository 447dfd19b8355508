/**
 * The client: finds the verb, loads its module and nothing else, and ends with its exit code.
 */

import { ExitCode } from "../contract.ts";
import { ClientEnd } from "./client-end.ts";
import { type CommandModule, commandOf } from "./command.ts";
import { commonOptions, parseCommandLine } from "./options.ts";
import { printError } from "./output.ts";
import { findVerb, verbs } from "./verbs.ts";

const systemCommands = ["poweroff", "reboot", "halt", "shutdown"];

function main(): number {
  const args = host.args();
  const called = host.argv0();
  if (systemCommands.includes(called)) return runVerb(called, args);
  const first = args[0];
  if (first === undefined || first === "--help" || first === "-h") return runVerb("help", []);
  if (first === "--version" || first === "-V") return runVerb("version", []);
  return runVerb(first, args.slice(1));
}

function runVerb(name: string, args: string[]): number {
  const verb = findVerb(name);
  if (name.startsWith("-")) {
    printError(`cannot use ${name} before the verb: options stand behind it, as in gonit status --json`);
    return ExitCode.usage;
  }
  if (verb === undefined) {
    const near = verbs.flatMap(({ name, aliases }) => [name, ...aliases]).find((known) => isNear(known, name));
    const hint = near === undefined ? "see gonit help" : `did you mean ${near}?`;
    printError(`cannot ${name}: there is no such verb; ${hint}`);
    return ExitCode.usage;
  }
  const loaded = host.load(`cli/${verb.module}`) as CommandModule | undefined;
  if (loaded === undefined) throw new Error(`this binary lacks its module ${verb.module}`);
  const command = commandOf(loaded, verb.name);
  const parsed = parseCommandLine(args, [...command.options, ...commonOptions]);
  if ("error" in parsed) {
    printError(`${parsed.error}; see gonit help ${verb.name}`);
    return ExitCode.usage;
  }
  if (parsed.options.has("--help")) return runVerb("help", [name]);
  const strange = parsed.words[wordsMax(command.usage)];
  if (strange !== undefined) {
    printError(`cannot use ${strange}: the usage is gonit ${command.usage}`);
    return ExitCode.usage;
  }
  try {
    return command.run({ verb: name, words: parsed.words, options: parsed.options });
  } catch (error) {
    if (error instanceof ClientEnd) return error.code;
    throw error;
  }
}

/** Words that a verb takes which takes none, or one that may be left out; what others take they look at themselves. */
function wordsMax(usage: string): number {
  const [, isOne] = /^[a-z-]+(?: \[-[^\]]*\])*( \[[A-Z]+\])?$/.exec(usage) ?? ["", "many"];
  return isOne === undefined ? 0 : isOne === "many" ? Number.POSITIVE_INFINITY : 1;
}

/** One letter too many, too few or another one, or the beginning of the word. */
function isNear(known: string, typed: string): boolean {
  if (typed.length >= 3 && known.startsWith(typed)) return true;
  if (Math.abs(known.length - typed.length) > 1) return false;
  let at = 0;
  while (at < known.length && known[at] === typed[at]) at++;
  const rest = (text: string, skip: number) => text.slice(at + skip);
  return (
    rest(known, 1) === rest(typed, 1) ||
    rest(known, 1) === rest(typed, 0) ||
    rest(known, 0) === rest(typed, 1) ||
    (known[at] === typed[at + 1] && known[at + 1] === typed[at] && rest(known, 2) === rest(typed, 2))
  );
}

host.exit(main());
