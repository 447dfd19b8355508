import { ExitCode } from "../contract.ts";
import type { Explanation } from "../engine/view.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { type Paint, painter, print, printError, printJson, shownDuration } from "./output.ts";

const causeCount = 8;

export const command: Command = {
  usage: "why NAME",
  about:
    "Explains a service's state: what it is, since when, because of which event, what it waits for, what releases it.",
  options: [],
  examples: ["gonit why web"],
  run,
};

function run(context: Context): number {
  const name = context.words[0];
  if (name === undefined || context.words.length > 1) {
    printError("cannot tell why: name one service, as in gonit why web");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const explanation = ask(context, connection, "why", { name });
  connection.close();
  if (context.options.json) printJson(explanation);
  else print(shownExplanation(explanation, host.now().wallMs, painter(context.options)));
  return ExitCode.ok;
}

export function shownExplanation(explanation: Explanation, wallMs: number, paint: Paint): string {
  const since = shownDuration(wallMs - explanation.sinceWallMs);
  // The reason of a failure stands in the next line.
  const shown = explanation.state === "failed" ? "failed" : explanation.shown;
  const lines = [`${paint(explanation.name, "bold")} is ${shown} for ${since}`];
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
