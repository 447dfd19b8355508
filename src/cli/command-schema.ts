import { configurationSchema } from "../config/json-schema.ts";
import { ExitCode } from "../contract.ts";
import type { Command } from "./command.ts";
import { printJson } from "./output.ts";

export const command: Command = {
  usage: "schema",
  about:
    "Prints the JSON Schema (draft-07) of config.yml, by which editors complete keys and show mistakes. A first line " +
    "# yaml-language-server: $schema=PATH in the configuration names it.",
  options: [],
  examples: ["gonit schema > config.schema.json"],
  run: () => {
    printJson(configurationSchema());
    return ExitCode.ok;
  },
};
