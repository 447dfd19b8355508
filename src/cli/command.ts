/**
 * What a verb's module exports: `export const command: Command`; a module of several verbs that have little in common
 * exports `commands`, by verb.
 */

import type { CliOptions } from "./options.ts";

export interface OptionSpec {
  /** --no-wait */
  name: string;
  /** -f, or another spelling such as --fault; or an empty text. */
  short: string;
  /** Name of the value as help shows it; empty for a flag. */
  value: string;
  /** All values that it may have, where they can be told. */
  choices?: readonly string[];
  help: string;
}

export interface Command {
  /** Behind `gonit VERB`, as help shows it. */
  usage: string;
  /** What it does, in full sentences. */
  about: string;
  options: OptionSpec[];
  examples: string[];
  /** Returns the exit code (ExitCode.*). */
  run(context: Context): number;
}

export type CommandModule = { command: Command } | { commands: Record<string, Command> };

export function commandOf(loaded: CommandModule, verb: string): Command {
  return "command" in loaded ? loaded.command : (loaded.commands[verb] as Command);
}

export interface Context {
  /** The verb as it was typed. */
  verb: string;
  /** What is left of the command line without options. */
  words: string[];
  options: CliOptions;
}
