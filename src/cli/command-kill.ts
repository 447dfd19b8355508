import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { printError } from "./output.ts";
import { showReply } from "./reply.ts";
import { signalNumber } from "./signal-name.ts";

export const command: Command = {
  usage: "kill [-s SIGNAL] NAME…",
  about: "Sends a signal to the main process of services. What gonit wants of them does not change.",
  options: [
    { name: "--signal", short: "-s", value: "SIGNAL", help: "HUP, SIGHUP, RTMIN+3 or a number; TERM when not given." },
    {
      name: "--scope",
      short: "",
      value: "SCOPE",
      choices: ["process", "group", "tree"],
      help: "process, group or tree; process when not given.",
    },
  ],
  examples: ["gonit kill -s HUP web"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  if (words.length === 0) {
    printError("cannot kill: name at least one service, as in gonit kill -s HUP web");
    return ExitCode.usage;
  }
  const written = options.text("--signal") ?? "TERM";
  const signal = signalNumber(written);
  if (signal === null) {
    printError(`cannot send ${written}: there is no such signal; HUP, SIGHUP, RTMIN+3 and 1 to 64 are known`);
    return ExitCode.usage;
  }
  const scope = options.text("--scope") ?? "process";
  if (scope !== "process" && scope !== "group" && scope !== "tree") {
    printError(`cannot use --scope ${scope}: process, group or tree`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const reply = ask(context, connection, "act", {
    request: { verb: "kill", names: words, signal, scope },
    timeoutMs: null,
    wait: true,
  });
  connection.close();
  return showReply(context, reply);
}
