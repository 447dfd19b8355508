import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { print, printJson, table } from "./output.ts";
import { absolutePath } from "./paths.ts";

export const command: Command = {
  usage: "plan [FILE]",
  about: "Shows what an apply of the configuration would start, stop, restart or reload, and why. Changes nothing.",
  options: [],
  examples: ["gonit plan", "gonit plan new.yml"],
  run,
};

function run(context: Context): number {
  const connection = connect(context);
  const result = ask(context, connection, "plan", { path: absolutePath(context.words[0]) });
  connection.close();
  if (context.options.json) {
    printJson(result);
    return ExitCode.ok;
  }
  const changes = result.changes.filter(({ action }) => action !== "keep");
  const kept = result.changes.length - changes.length;
  if (changes.length === 0) print(`nothing would change (${kept} services)`);
  else
    print(
      table(
        changes.map(({ action, service, because }) => [action, service, because]),
        (cell) => cell,
      ),
    );
  return ExitCode.ok;
}
