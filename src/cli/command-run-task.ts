import { ExitCode } from "../contract.ts";
import type { Notification } from "../control/messages.ts";
import type { Reply } from "../engine/effect.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { showNote } from "./notes.ts";
import { parseDurationMs } from "./options.ts";
import { printError, printJson } from "./output.ts";
import { prefixed } from "./prefixed.ts";
import { showReply } from "./reply.ts";

export const command: Command = {
  usage: "run-task NAME…",
  about:
    "Runs tasks now, whatever their schedules say, prints what they print, waits for that run's end, and ends with its " +
    "exit code: 128 and the signal's number where a signal ended it. A task that runs already is left alone, or treated as " +
    "its overlap says. Interrupting this client leaves the task running.",
  options: [
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the end." },
    {
      name: "--timeout",
      short: "",
      value: "TIME",
      help: "Stop waiting after this time (exit code 7); the task goes on.",
    },
  ],
  examples: ["gonit run-task backup", "gonit run-task backup --timeout 1h", "gonit run-task 'report-*' --no-wait"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  const timeout = options.text("--timeout");
  const timeoutMs = timeout === null ? null : parseDurationMs(timeout);
  if (words.length === 0 || (timeout !== null && timeoutMs === null)) {
    printError(
      words.length === 0
        ? "cannot run a task: name at least one, as in gonit run-task backup"
        : `cannot use --timeout ${timeout}: a duration is 500ms, 10s, 5m or 1h30m`,
    );
    return ExitCode.usage;
  }
  const connection = connect(context);
  const isOne = words.length === 1 && /^[\w.-]+$/.test(words[0] as string);
  const params = {
    request: { verb: "run-task" as const, names: words },
    timeoutMs,
    wait: !options.has("--no-wait"),
    output: !options.json,
  };
  const reply = ask(context, connection, "act", params, (told) => showOutput(told, isOne));
  connection.close();
  return ended(context, reply);
}

/** Of one task its output just as it comes; of several each line with a name. */
function showOutput(told: Notification, isOne: boolean): void {
  if (told.method !== "log") showNote(told);
  else host.print(1, isOne ? told.params.text : prefixed(told.params.service, told.params.text, true));
}

/** Standard output belongs to the tasks. */
function ended(context: Context, reply: Reply): number {
  const codes = "results" in reply ? reply.results.map(({ exitCode }) => exitCode ?? 0) : [];
  const taskCode = reply.outcome === "failed" ? (codes.find((code) => code !== 0) ?? 0) : 0;
  if (context.options.json) printJson(reply);
  else if (reply.outcome === "failed") printError(reply.reason);
  else if (reply.outcome !== "done") return showReply(context, reply);
  if (reply.outcome === "done") return ExitCode.ok;
  if (taskCode !== 0) return taskCode;
  return reply.outcome === "timed-out" ? ExitCode.timedOut : ExitCode.failed;
}
