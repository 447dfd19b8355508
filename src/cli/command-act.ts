import { ExitCode } from "../contract.ts";
import type { Request } from "../engine/event.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { showNote } from "./notes.ts";
import { parseDurationMs } from "./options.ts";
import { printError } from "./output.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "start|stop|restart|reload NAME…",
  about:
    "Changes what services should do and waits until they do it. Names may be globs or tag:NAME. A service that others " +
    "need is stopped after them; what a service needs is started first.",
  options: [
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the outcome." },
    {
      name: "--timeout",
      short: "",
      value: "TIME",
      help: "Stop waiting after this time (exit code 7); the request goes on.",
    },
    { name: "--force", short: "", value: "", help: "stop: kill at once instead of asking first." },
  ],
  examples: ["gonit restart web", "gonit stop 'worker-*'", "gonit start tag:web --timeout 10s"],
  run,
};

function run(context: Context): number {
  const { verb, words, options } = context;
  if (words.length === 0) {
    printError(`cannot ${verb}: name at least one service, as in gonit ${verb} web`);
    return ExitCode.usage;
  }
  const timeout = options.text("--timeout");
  const timeoutMs = timeout === null ? null : parseDurationMs(timeout);
  if (timeout !== null && timeoutMs === null) {
    printError(`cannot use --timeout ${timeout}: a duration is 500ms, 10s, 5m or 1h30m`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const params = { request: requestOf(context), timeoutMs, wait: !options.has("--no-wait") };
  const reply = ask(context, connection, "act", params, showNote);
  connection.close();
  return showReply(context, reply);
}

function requestOf({ verb, words, options }: Context): Request {
  if (verb === "stop") return { verb, names: words, force: options.has("--force") };
  if (verb === "start" || verb === "restart" || verb === "reload") return { verb, names: words };
  throw new Error(`there is no request ${verb}`);
}
