/** Lines of several services, one after the other as they came. */

import { isCut, partialMark } from "../../control/partial-lines.ts";
import type { LogLine } from "../json-shapes.ts";

const stampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) /;
const jsonPattern = /^\{"time":"([^"]*)"/;

/** The lines of a text. `stamped`: each with its stamp taken off; JSON lines stay whole. */
export function linesOf({ service, text, stamped }: { service: string; text: string; stamped: boolean }): LogLine[] {
  const lines = text.split("\n");
  const hasEnd = lines.at(-1) === "";
  if (hasEnd) lines.pop();
  let time = "";
  return lines.map((line, at) => {
    const stamp = stamped ? stampPattern.exec(line) : null;
    if (stamped) time = stamp?.[1] ?? jsonPattern.exec(line)?.[1] ?? time;
    const whole = stamp === null ? line : line.slice(stamp[0].length);
    const partial = isCut(whole) || (!hasEnd && at === lines.length - 1);
    return { time, service, text: withoutMark(whole), partial };
  });
}

function withoutMark(line: string): string {
  return line.endsWith(partialMark) ? line.slice(0, -partialMark.length) : line;
}

/** By time; of equal times, and of the lines of one service, the order stays. */
export function mergeLines(pieces: { service: string; text: string }[]): LogLine[] {
  const all = pieces.flatMap((piece) => linesOf({ ...piece, stamped: true }));
  // A clock that was set back must not tear the lines of a service apart.
  const latest = new Map<string, string>();
  const keyed = all.map((line) => {
    let key = latest.get(line.service) ?? "";
    if (line.time > key) key = line.time;
    latest.set(line.service, key);
    return { key, line };
  });
  keyed.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  return keyed.map(({ line }) => line);
}

const colours = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

/** Paints names of services, each in a colour of its own as long as there are enough. */
export function servicePainter(colour: boolean): (text: string, service: string) => string {
  const known = new Map<string, string>();
  return (text, service) => {
    if (!colour) return text;
    let code = known.get(service);
    if (code === undefined) {
      code = colours[known.size % colours.length] as string;
      known.set(service, code);
    }
    return `\x1b[${code}m${text}\x1b[0m`;
  };
}
