import { ExitCode } from "../contract.ts";
import type { PlanResult } from "../control/messages.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { print, printJson, table } from "./output.ts";
import { absolutePath } from "./paths.ts";

export const command: Command = {
  usage: "plan [FILE]",
  about:
    "Shows what an apply of the configuration would start, stop, restart or change in place, with all that follows from it, and why. " +
    "Of variables only the names are told. Changes nothing.",
  options: [],
  examples: ["gonit plan", "gonit plan new.yml", "gonit plan --json"],
  run,
};

function run(context: Context): number {
  const connection = connect(context);
  const result = ask(context, connection, "plan", { path: absolutePath(context.words[0]) });
  connection.close();
  if (context.options.json) printJson(result);
  else print(shownPlan(result));
  return ExitCode.ok;
}

function shownPlan({ changes, system }: PlanResult): string {
  const told = changes.filter(({ action, because }) => action !== "keep" || because !== "");
  const kept = changes.filter(({ action }) => action === "keep").length;
  const count = kept === 1 ? "1 service" : `${kept} services`;
  const rows = told.map(({ action, service, because }) => [action.replace("-", " "), service, because]);
  for (const key of system) rows.push(["change", key, "key of the file"]);
  if (rows.length === 0) return `nothing would change (${count})`;
  return `${table(rows, (cell) => cell)}\n${count} would not be touched`;
}
