import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { parseDurationMs } from "./options.ts";
import { printError } from "./output.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "wait NAME… [--for ready|healthy|done|stopped]",
  about: "Waits until services are as asked; ends with 1 as soon as that has become impossible.",
  options: [
    {
      name: "--for",
      short: "",
      value: "STATE",
      choices: ["ready", "healthy", "done", "stopped"],
      help: "ready (the default), healthy, done or stopped.",
    },
    { name: "--timeout", short: "", value: "TIME", help: "Give up after this time (exit code 7)." },
  ],
  examples: ["gonit wait web --for ready --timeout 30s"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  const until = options.text("--for") ?? "ready";
  if (until !== "ready" && until !== "healthy" && until !== "done" && until !== "stopped") {
    printError(`cannot wait for ${until}: ready, healthy, done or stopped`);
    return ExitCode.usage;
  }
  const timeout = options.text("--timeout");
  const timeoutMs = timeout === null ? null : parseDurationMs(timeout);
  if (words.length === 0 || (timeout !== null && timeoutMs === null)) {
    printError(
      words.length === 0
        ? "cannot wait: name at least one service, as in gonit wait web"
        : `cannot use --timeout ${timeout}: a duration is 500ms, 10s, 5m or 1h30m`,
    );
    return ExitCode.usage;
  }
  const connection = connect(context);
  const reply = ask(context, connection, "act", {
    request: { verb: "wait", names: words, until },
    timeoutMs,
    wait: true,
  });
  connection.close();
  return showReply(context, reply);
}
