import { ExitCode } from "../contract.ts";
import { ClientEnd } from "./client-end.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { parseDurationMs } from "./options.ts";
import { printError } from "./output.ts";
import { absolutePath } from "./paths.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "apply [FILE]",
  about:
    "Puts a configuration in place of the running one. Services that did not change keep running; a text with problems " +
    "changes nothing. New and changed services have to become ready, healthy where they have health; when one does not, " +
    "the configuration before comes back by itself (exit code 1).",
  options: [
    { name: "--gate", short: "", value: "TIME", help: "All of them have no more time than this together." },
    { name: "--no-gate", short: "", value: "", help: "The new configuration stays, whatever its services do." },
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the outcome." },
    { name: "--timeout", short: "", value: "TIME", help: "Stop waiting after this time (exit code 7); it goes on." },
  ],
  examples: ["gonit apply", "gonit apply new.yml", "gonit apply --gate 30s"],
  run,
};

function run(context: Context): number {
  const { options } = context;
  const timeoutMs = durationOf(context, "--timeout");
  const gateMs = durationOf(context, "--gate");
  const gate = !options.has("--no-gate");
  if (!gate && gateMs !== null) {
    printError("cannot use --gate and --no-gate at once");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const params = { path: absolutePath(context.words[0]), timeoutMs, wait: !options.has("--no-wait"), gate, gateMs };
  const reply = ask(context, connection, "apply", params);
  connection.close();
  return showReply(context, reply);
}

export function durationOf({ options }: Context, name: string): number | null {
  const text = options.text(name);
  const timeMs = text === null ? null : parseDurationMs(text);
  if (text === null || timeMs !== null) return timeMs;
  printError(`cannot use ${name} ${text}: a duration is 500ms, 10s, 5m or 1h30m`);
  throw new ClientEnd(ExitCode.usage);
}
