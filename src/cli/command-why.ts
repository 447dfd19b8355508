import { ExitCode } from "../contract.ts";
import type { Explanation } from "../engine/view.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { type Paint, painter, print, printError, printJson, shownDuration } from "./output.ts";

const causeCount = 8;

export const command: Command = {
  usage: "why [NAME|shutdown|apply|REQUEST]",
  about:
    "Explains a service's state: what it is, since when, because of which event, what it waits for, what releases it. " +
    "Without a name, all that is under way: a shutdown, an apply, and requests, which have numbers.",
  options: [],
  examples: ["gonit why web", "gonit why", "gonit why shutdown"],
  run,
};

function run(context: Context): number {
  const name = context.words[0];
  if (context.words.length > 1) {
    printError("cannot tell why of more than one: name one service, as in gonit why web");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const found =
    name === undefined ? ask(context, connection, "pending", {}) : [ask(context, connection, "why", { name })];
  connection.close();
  const paint = painter(context.options);
  if (context.options.json) printJson(name === undefined ? found : found[0]);
  else if (found.length === 0) print("nothing is under way");
  else print(found.map((one) => shownExplanation(one, host.now().wallMs, paint)).join("\n\n"));
  return ExitCode.ok;
}

export function shownExplanation(explanation: Explanation, wallMs: number, paint: Paint): string {
  const since = shownDuration(wallMs - explanation.sinceWallMs);
  // The reason of a failure stands in the next line.
  const shown = explanation.state === "failed" ? "failed" : explanation.shown;
  const name = /^\d+$/.test(explanation.name) ? `request ${explanation.name}` : explanation.name;
  const lines = [`${paint(name, "bold")} is ${shown} for ${since}`];
  if (explanation.because !== "") lines.push(`  because   ${explanation.because}`);
  lines.push(...listed("waits for", explanation.waitsFor), ...listed("release", explanation.release));
  if (explanation.causes.length > 0) {
    lines.push("  history, newest first");
    for (const cause of explanation.causes.slice(0, causeCount)) {
      const ago = shownDuration(wallMs - cause.wallMs).padStart(8);
      const effect = cause.effect === "" ? "" : ` -> ${cause.effect}`;
      lines.push(`  ${ago} ago  ${cause.event}: ${cause.rule}${effect}`);
    }
  }
  if (explanation.lastLines.length > 0) {
    lines.push("  last output");
    for (const line of explanation.lastLines) lines.push(`    | ${line}`);
  }
  return lines.join("\n");
}

function listed(name: string, texts: string[]): string[] {
  return texts.map((text, at) => `  ${(at === 0 ? name : "").padEnd(9)} ${text}`);
}
