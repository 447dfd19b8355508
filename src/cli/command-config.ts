import { configText } from "../config/config-output.ts";
import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { loadForClient, reportProblems, roleOption } from "./configuration.ts";
import { print, printJson } from "./output.ts";

export const command: Command = {
  usage: "config [FILE]",
  about:
    "Prints the configuration as gonit sees it: all files merged, short forms written out, variables replaced and every " +
    "default in its place. What is printed is a configuration itself and means the same.",
  options: [roleOption],
  examples: ["gonit config", "gonit config --role container config.yml"],
  run,
};

function run(context: Context): number {
  const result = loadForClient(context);
  if ("problems" in result) return reportProblems(context, result);
  for (const warning of result.warnings) host.print(2, `warning: ${warning}\n`);
  if (context.options.json) printJson({ ...result.plan, image: result.image });
  else print(configText(result.plan, result.image));
  return ExitCode.ok;
}
