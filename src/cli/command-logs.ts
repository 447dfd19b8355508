import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { print, printError, printJson } from "./output.ts";
import { prefixed } from "./prefixed.ts";

const linesDefault = 20;

export const command: Command = {
  usage: "logs [-f] [-n N] [NAME…]",
  about: "Shows the last lines that services printed; with -f goes on showing what comes.",
  options: [
    { name: "--follow", short: "-f", value: "", help: "Go on until interrupted." },
    { name: "--lines", short: "-n", value: "N", help: `Lines of each service; ${linesDefault} when not given.` },
  ],
  examples: ["gonit logs web", "gonit logs -f", "gonit logs -n 100 'worker-*'"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  const written = options.text("--lines") ?? String(linesDefault);
  if (!/^\d{1,6}$/.test(written)) {
    printError(`cannot use -n ${written}: a number of lines is needed`);
    return ExitCode.usage;
  }
  const follow = options.has("--follow");
  const connection = connect(context);
  const show = (service: string, text: string) => {
    if (options.json) host.print(1, `${JSON.stringify({ service, text })}\n`);
    else host.print(1, prefixed(service, text, words.length !== 1));
  };
  const params = { names: words, lines: Math.min(Number(written), 100_000), follow };
  const result = ask(context, connection, "logs", params, (notification) => {
    if (notification.method === "log") show(notification.params.service, notification.params.text);
  });
  connection.close();
  if (options.json && !follow) printJson(result);
  else for (const { service, text } of result.logs) show(service, text);
  if (result.logs.length === 0 && !follow && !options.json) print("");
  return ExitCode.ok;
}
