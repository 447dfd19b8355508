import { ExitCode } from "../contract.ts";
import { isCut, partialMark } from "../control/partial-lines.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import type { LogLine, LogPieceOutput } from "./json-shapes.ts";
import { linesOf, mergeLines, servicePainter } from "./look/merge-logs.ts";
import { momentOption } from "./moment.ts";
import { print, printError, printJson, wantsColour } from "./output.ts";
import { shownText } from "./shown-text.ts";

const linesDefault = 20;

export const command: Command = {
  usage: "logs [-f] [-n N] [--since T] [--raw] [NAME…]",
  about:
    "Shows the last lines that services printed; with -f goes on showing what comes. With --since the lines of all " +
    "services are merged by time and shown with it. A line that was cut, or has no end yet, is marked. On a terminal colours " +
    "stay, and other control characters are shown as ^X.",
  options: [
    { name: "--follow", short: "-f", value: "", help: "Go on until interrupted." },
    {
      name: "--lines",
      short: "-n",
      value: "N",
      help: `Lines of each service, with --since of all; ${linesDefault} when neither is given.`,
    },
    {
      name: "--since",
      short: "",
      value: "T",
      help: "From this moment on: 5m (ago), 08:30, 2026-11-25T08:30:00, in UTC.",
    },
    { name: "--raw", short: "", value: "", help: "Control characters as they are, also on a terminal, and no marks." },
  ],
  examples: ["gonit logs web", "gonit logs -f", "gonit logs -n 100 'worker-*'", "gonit logs --since 5m web db"],
  run,
};

function run(context: Context): number {
  const { options } = context;
  const since = momentOption(context, "--since");
  const written = options.text("--lines");
  if (written !== null && !/^\d{1,6}$/.test(written)) {
    printError(`cannot use -n ${written}: a number of lines is needed`);
    return ExitCode.usage;
  }
  const lines = written === null ? null : Math.min(Number(written), 100_000);
  if (since === null) return showLast(context, lines ?? linesDefault);
  return showSince(context, Math.max(0, Math.floor(since.wallMs)), lines);
}

function showLast(context: Context, lines: number): number {
  const { words, options } = context;
  const follow = options.has("--follow");
  const connection = connect(context);
  const show = shower(context);
  const showPiece = (piece: { service: string; text: string }): void => {
    if (options.json) host.print(1, `${JSON.stringify(withPartial(piece))}\n`);
    else for (const line of linesOf({ ...piece, stamped: false })) show(line);
  };
  const params = { names: words, lines, follow, sinceMs: null };
  const result = ask(context, connection, "logs", params, (notification) => {
    if (notification.method === "log") showPiece(notification.params);
  });
  connection.close();
  if (options.json && !follow) printJson({ logs: result.logs.map(withPartial) });
  else for (const piece of result.logs) showPiece(piece);
  if (result.logs.length === 0 && !follow && !options.json) print("");
  return ExitCode.ok;
}

/** Merged by time. With -f what there is comes first, and is merged; what comes later stands in the order in which it comes. */
function showSince(context: Context, sinceMs: number, count: number | null): number {
  const { words, options } = context;
  const follow = options.has("--follow");
  const connection = connect(context);
  const show = shower(context);
  const showAll = (pieces: { service: string; text: string }[]): void => {
    const lines = mergeLines(pieces);
    const shown = count === null ? lines : count === 0 ? [] : lines.slice(-count);
    if (options.json && !follow) printJson({ logs: shown });
    else for (const line of shown) show(line);
  };
  let first: { service: string; text: string }[] | null = [];
  const params = { names: words, lines: 0, follow, sinceMs };
  const result = ask(context, connection, "logs", params, (notification) => {
    if (notification.method === "caught-up") {
      if (first !== null) showAll(first);
      first = null;
      // A manager that takes over is asked again.
      params.sinceMs = Math.floor(host.now().wallMs);
    } else if (notification.method === "log") {
      if (first !== null) first.push(notification.params);
      else for (const line of linesOf({ ...notification.params, stamped: true })) show(line);
    }
  });
  connection.close();
  if (!follow) showAll(result.logs);
  return ExitCode.ok;
}

function withPartial(piece: { service: string; text: string }): LogPieceOutput {
  return { ...piece, partial: linesOf({ ...piece, stamped: false }).at(-1)?.partial ?? false };
}

function shower({ options, words }: Context): (line: LogLine) => void {
  const paint = servicePainter(wantsColour(options));
  const isRaw = options.has("--raw");
  const isShown = host.isTerminal(1) && !isRaw;
  return (line) => {
    const { time, service, text } = line;
    if (options.json) {
      host.print(1, `${JSON.stringify(line)}\n`);
      return;
    }
    const name = words.length === 1 ? "" : paint(`${service} | `, service);
    host.print(
      1,
      `${time === "" ? "" : `${time}  `}${name}${isShown ? shownText(text) : text}${isRaw ? "" : markOf(line)}\n`,
    );
  };
}

/** An object of a JSON log says it itself. */
function markOf({ text, partial }: LogLine): string {
  return partial && !isCut(text) ? partialMark : "";
}
