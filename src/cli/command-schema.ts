import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import configuration from "./config-schema.txt";
import { printError, printJson } from "./output.ts";
import outputs from "./output-schema.txt";

export const command: Command = {
  usage: "schema [VERB]",
  about:
    "Prints the JSON Schema (draft-07) of config.yml, with which an editor completes keys and finds mistakes; with a verb " +
    "that of what it prints with --json. status-at is status with --at.",
  options: [],
  examples: ["gonit schema > config.schema.json", "gonit schema status"],
  run,
};

function run({ words }: Context): number {
  const [verb] = words;
  if (verb === undefined) {
    printJson(JSON.parse(configuration));
    return ExitCode.ok;
  }
  const { $schema, definitions } = JSON.parse(outputs) as { $schema: string; definitions: Record<string, object> };
  const shape = Object.hasOwn(definitions, verb) ? definitions[verb] : undefined;
  if (shape === undefined || words.length > 1) {
    printError(`cannot print the schema of ${words.join(" ")}: there are ${Object.keys(definitions).join(", ")}`);
    return ExitCode.usage;
  }
  printJson({ $schema, title: `what gonit ${verb} --json prints`, ...shape });
  return ExitCode.ok;
}
