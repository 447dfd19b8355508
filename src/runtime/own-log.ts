/**
 * gonit's own messages. On a terminal the origin's look: level, seconds since start, message padded to 44, fields;
 * elsewhere logfmt, or JSON lines when asked for.
 */

import { isoTime } from "../control/iso-time.ts";
import type { LogLevel } from "../engine/effect.ts";
import { none } from "../engine/lists.ts";

export type LogFormat = "text" | "logfmt" | "json";
export type LogFields = Record<string, string | number>;

const messageWidth = 44;
const levelNames: Record<LogLevel, string> = { debug: "DEBU", info: "INFO", warn: "WARN", error: "ERRO" };
const levelColours: Record<LogLevel, string> = { debug: "37", info: "36", warn: "33", error: "31" };

export interface OwnLogOptions {
  format: LogFormat;
  colour: boolean;
  /** Monotonic time at which init began. */
  startedMs: number;
  /** A plain init keeps silent: its command's output is the user's alone. Only why the command cannot run is told. */
  silent: boolean;
}

export class OwnLog {
  private readonly options: OwnLogOptions;
  private dropped = 0;

  constructor(options: OwnLogOptions) {
    this.options = options;
  }

  /** `lines` are shown behind the message, indented on a terminal: the last output of what failed. */
  write(level: LogLevel, message: string, fields: LogFields, lines: readonly string[] = none): void {
    const { format, colour, startedMs, silent } = this.options;
    if (silent && !(level === "error" && String(fields.reason ?? "").startsWith("cannot"))) return;
    const now = host.now();
    const text =
      format === "text"
        ? textLine(level, (now.monotonicMs - startedMs) / 1000, message, fields, lines, colour)
        : format === "json"
          ? jsonLine(level, now.wallMs, message, fields, lines)
          : logfmtLine(level, now.wallMs, message, fields, lines);
    const notice = this.dropped > 0 ? `(${this.dropped} of gonit's own messages were dropped here)\n` : "";
    if (host.ownLog(notice + text) < 0) this.dropped++;
    else this.dropped = 0;
  }
}

export function textLine(
  level: LogLevel,
  seconds: number,
  message: string,
  fields: LogFields,
  lines: readonly string[],
  colour: boolean,
): string {
  const name = levelNames[level];
  const shownLevel = colour ? `\x1b[${levelColours[level]}m${name}\x1b[0m` : name;
  const time = String(Math.max(0, Math.floor(seconds))).padStart(4, "0");
  const names = Object.keys(fields).sort();
  const shownFields = names.map((field) => {
    const shownName = colour ? `\x1b[${levelColours[level]}m${field}\x1b[0m` : field;
    return `${shownName}=${quoted(fields[field] ?? "")}`;
  });
  const first =
    `${shownLevel}[${time}] ${names.length > 0 ? message.padEnd(messageWidth) : message} ${shownFields.join(" ")}`.trimEnd();
  return [first, ...lines.map((line) => `           | ${shown(line)}`), ""].join("\n");
}

export function logfmtLine(
  level: LogLevel,
  wallMs: number,
  message: string,
  fields: LogFields,
  lines: readonly string[],
): string {
  const texts = [`time=${isoTime(wallMs)}`, `level=${level}`, `msg=${quoted(message)}`];
  for (const name of Object.keys(fields).sort()) texts.push(`${name}=${quoted(fields[name] ?? "")}`);
  if (lines.length > 0) texts.push(`output=${quoted(lines.join("\n"))}`);
  return `${texts.join(" ")}\n`;
}

export function jsonLine(
  level: LogLevel,
  wallMs: number,
  message: string,
  fields: LogFields,
  lines: readonly string[],
): string {
  const record: Record<string, unknown> = { time: isoTime(wallMs), level, msg: message, ...fields };
  if (lines.length > 0) record.output = lines;
  return `${JSON.stringify(record)}\n`;
}

/** As logfmt wants it: quoted where a blank, a quote, an equals sign or a control character would confuse a reader. */
function quoted(value: string | number): string {
  if (typeof value === "number") return String(value);
  return /^[^\s"=\x00-\x1f\x7f]+$/.test(value) ? value : JSON.stringify(value);
}

/** Control characters of a service's output must not reach the terminal through our messages. */
function shown(line: string): string {
  return line.replace(
    /[\x00-\x08\x0b-\x1f\x7f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** What was asked for on the command line or in the environment; else what standard error is good for. */
export function ownLogOptions(asked: LogFormat | null, inherited: Map<string, string>, silent: boolean): OwnLogOptions {
  const isTerminal = host.isTerminal(2);
  const wanted = asked ?? inherited.get("GONIT_LOG_FORMAT") ?? "";
  const format =
    wanted === "text" || wanted === "logfmt" || wanted === "json" ? wanted : isTerminal ? "text" : "logfmt";
  const colour = isTerminal && !inherited.has("NO_COLOR") && inherited.get("TERM") !== "dumb";
  return { format, colour, startedMs: host.startedMs(), silent };
}
