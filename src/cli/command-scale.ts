import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { durationOf } from "./command-apply.ts";
import { ask, connect } from "./connection.ts";
import { printError } from "./output.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "scale NAME=N",
  about:
    "Runs N replicas of a service that has the key replicas, until the next gonit apply, or start of gonit, goes by the " +
    "configuration again.",
  options: [
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the outcome." },
    { name: "--timeout", short: "", value: "TIME", help: "Stop waiting after this time (exit code 7); it goes on." },
  ],
  examples: ["gonit scale worker=4"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  const [, name = "", count = ""] = /^([^=]+)=(\d{1,4})$/.exec(words[0] ?? "") ?? [];
  const replicas = Number(count);
  if (words.length !== 1 || replicas < 1 || replicas > 1000) {
    printError("cannot scale: name one service and a number from 1 to 1000, as in gonit scale worker=4");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const params = { name, replicas, timeoutMs: durationOf(context, "--timeout"), wait: !options.has("--no-wait") };
  const reply = ask(context, connection, "scale", params);
  connection.close();
  return showReply(context, reply);
}
