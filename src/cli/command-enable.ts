import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { showNote } from "./notes.ts";
import { print, printError, printJson } from "./output.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "enable|disable NAME… [--now]",
  about:
    "Keeps whether services are started with the system, in config.d/gonit-enabled.yml beside the configuration, which stays " +
    "as it is. That counts from the next gonit apply, or start of gonit, on; with --now they are started or stopped as well.",
  options: [{ name: "--now", short: "", value: "", help: "Start what is enabled, stop what is disabled, at once." }],
  examples: ["gonit enable backup --now", "gonit disable 'report-*'"],
  run,
};

function run(context: Context): number {
  const { verb, words, options } = context;
  if (words.length === 0) {
    printError(`cannot ${verb}: name at least one service, as in gonit ${verb} web`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const result = ask(context, connection, "enable", { names: words, enabled: verb === "enable" });
  const isNow = options.has("--now");
  if (!options.json) for (const name of result.services) print(`${name}: ${verb}d in ${result.path}`);
  if (!isNow) {
    connection.close();
    if (options.json) printJson(result);
    else print("what runs stays as it is: --now, or gonit apply, changes it");
    return ExitCode.ok;
  }
  const names = result.services;
  const request =
    verb === "enable" ? ({ verb: "start", names } as const) : ({ verb: "stop", names, force: false } as const);
  const reply = ask(context, connection, "act", { request, timeoutMs: null, wait: true }, showNote);
  connection.close();
  return showReply(context, reply);
}
