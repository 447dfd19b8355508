import { ExitCode } from "../../contract.ts";
import {
  addLine,
  emptyPast,
  type HistoryEvent,
  type HistoryLine,
  type Past,
  parsedLine,
  readHistory,
} from "../../control/history.ts";
import { isoTime } from "../../control/iso-time.ts";
import type { Command, Context } from "../command.ts";
import { ask, connect } from "../connection.ts";
import type { EventOutput } from "../json-shapes.ts";
import { momentOption } from "../moment.ts";
import { type Paint, painter, printError } from "../output.ts";
import { eventText, serviceOf } from "./event-words.ts";
import { NameFilter } from "./named.ts";

const countDefault = 50;

export const events: Command = {
  usage: "events [-f] [--since T] [-n N] [NAME…]",
  about:
    "Tells what happened: changes of state with their cause, requests and who made them, starts and ends of processes, " +
    "health, configurations, steps of the clock. It is kept in memory, the newest some thousands of events, also when " +
    "the manager is replaced. With --json each event is a line.",
  options: [
    { name: "--follow", short: "-f", value: "", help: "Go on until interrupted." },
    {
      name: "--since",
      short: "",
      value: "T",
      help: "From this moment on: 5m (ago), 08:30, 2026-11-25T08:30:00, in UTC.",
    },
    {
      name: "--lines",
      short: "-n",
      value: "N",
      help: `Only the last N; ${countDefault} when neither N nor T is given.`,
    },
  ],
  examples: ["gonit events", "gonit events -f web", "gonit events --since 1h --json"],
  run,
};

type Rules = Record<string, string>;

/** An event, and what was before it. */
interface Told {
  seq: number;
  line: HistoryLine;
  event: HistoryEvent;
  was: string;
}

function run(context: Context): number {
  const { options } = context;
  const moment = momentOption(context, "--since");
  const written = options.text("--lines");
  if (written !== null && !/^\d{1,6}$/.test(written)) {
    printError(`cannot use -n ${written}: a number of events is needed`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const { texts, rules } = ask(context, connection, "history", { follow: false });
  const history = readHistory(texts);
  const filter = new NameFilter(context, connection, history);
  const past = history?.base.past ?? emptyPast();
  const since = moment === null ? Number.NEGATIVE_INFINITY : Math.floor(moment.bootMs);
  const told = (history?.lines ?? [])
    .flatMap((line) => eventsOf(past, line))
    .filter(({ event, line }) => {
      // In this order: the end of a request is wanted when its begin was.
      return filter.isWanted(event) && line.bootMs >= since;
    });
  const count = written === null ? (moment === null ? countDefault : told.length) : Number(written);
  const show = shower(context, rules);
  for (const one of count === 0 ? [] : told.slice(-count)) show(one);
  if (options.has("--follow")) follow(history?.lines.at(-1), past);
  connection.close();
  return ExitCode.ok;

  /** The manager tells all once more: what is known is left out, also when it was replaced. */
  function follow(last: HistoryLine | undefined, past: Past): void {
    let next = last === undefined ? 0 : last.seq + last.events.length;
    ask(context, connection, "history", { follow: true }, (notification) => {
      if (notification.method !== "history") return;
      const line = parsedLine(notification.params.line);
      if (line === null || "past" in line || line.seq < next) return;
      if (next > 0 && line.seq > next) printError(`${line.seq - next} events were left out: too many at once`);
      next = line.seq + line.events.length;
      for (const one of eventsOf(past, line)) if (filter.isWanted(one.event)) show(one);
    });
  }
}

/** The events of a line, which goes into the past. */
function eventsOf(past: Past, line: HistoryLine): Told[] {
  return line.events.map((event, at) => {
    const was = event.event === "state-changed" ? (past.services[event.service]?.shown ?? "") : "";
    addLine(past, { ...line, events: [event] });
    return { seq: line.seq + at, line, event, was };
  });
}

function shower(context: Context, rules: Rules): (told: Told) => void {
  if (context.options.json) return (told) => host.print(1, `${JSON.stringify(jsonOf(told, rules))}\n`);
  const paint = painter(context.options);
  return (told) => host.print(1, `${textOf(told, rules, paint)}\n`);
}

function jsonOf({ seq, line, event, was }: Told, rules: Rules): EventOutput {
  const { wallMs, bootMs } = line;
  const more = event.event === "state-changed" ? { was, cause: rules[event.rule] ?? event.rule } : {};
  return { seq, time: isoTime(wallMs), wallMs, bootMs, ...event, ...more };
}

const nameWidth = 12;

function textOf({ line, event, was }: Told, rules: Rules, paint: Paint): string {
  const service = serviceOf(event);
  const text = eventText(event, was, rules);
  const name = paint(service === "" ? "-" : service, "bold");
  const padding = " ".repeat(Math.max(0, nameWidth - Math.max(1, service.length)));
  return `${paint(isoTime(line.wallMs), "dim")}  ${name}${padding}  ${isBad(event) ? paint(text, "red") : text}`;
}

function isBad(event: HistoryEvent): boolean {
  if (event.event === "state-changed") return event.state === "failed" || event.state === "backing-off";
  return event.event === "start-failed" || event.event === "event-set-aside";
}
