import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { parseDurationMs } from "./options.ts";
import { printError } from "./output.ts";
import { absolutePath } from "./paths.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "apply [FILE]",
  about:
    "Puts a configuration in place of the running one. Services that did not change keep running; a text with problems changes nothing.",
  options: [
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the outcome." },
    { name: "--timeout", short: "", value: "TIME", help: "Stop waiting after this time (exit code 7)." },
  ],
  examples: ["gonit apply", "gonit apply new.yml"],
  run,
};

function run(context: Context): number {
  const timeout = context.options.text("--timeout");
  const timeoutMs = timeout === null ? null : parseDurationMs(timeout);
  if (timeout !== null && timeoutMs === null) {
    printError(`cannot use --timeout ${timeout}: a duration is 500ms, 10s, 5m or 1h30m`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const params = { path: absolutePath(context.words[0]), timeoutMs, wait: !context.options.has("--no-wait") };
  const reply = ask(context, connection, "apply", params);
  connection.close();
  return showReply(context, reply);
}
