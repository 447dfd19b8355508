/** Output from a moment on, with time stamps, for `gonit logs --since`. */

import { isCut } from "../control/partial-lines.ts";
import type { LogSource, LogStore } from "./log-store.ts";

/** Of each source: an answer must stay small enough to be made in one turn. */
const bytesMax = 256 * 1024;
const bytesFirst = 16 * 1024;
const stampPattern = /^(?:\{"time":")?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/;

/** The stamp that a line begins with, as text or in JSON; empty: it has none. */
function stampOf(line: string): string {
  return stampPattern.exec(line)?.[1] ?? "";
}

/** Whole lines, the oldest first; those without a stamp go with the one before them. */
export function linesSince(logs: LogStore, source: LogSource, since: string): string {
  let lines: string[] = [];
  let text = "";
  for (let bytes = bytesFirst; bytes <= bytesMax; bytes *= 4) {
    text = logs.tail(source, bytes);
    lines = text.split("\n");
    // The first one may be cut.
    if (text.length >= bytes) lines.shift();
    const first = lines.find((line) => stampOf(line) !== "");
    if (text.length < bytes || (first !== undefined && stampOf(first) < since)) break;
  }
  if (lines.at(-1) === "") lines.pop();
  const from = lines.findIndex((line) => stampOf(line) >= since);
  const hasStamps = lines.some((line) => stampOf(line) !== "");
  const kept = hasStamps ? (from < 0 ? [] : lines.slice(from)) : lines;
  return kept.length === 0 ? "" : kept.join("\n") + lineEnd(text);
}

/** What stands behind the last line of a log: nothing where the service has not ended it. */
export function lineEnd(text: string): "\n" | "" {
  return /\n$/.test(text) && !isCut(text.slice(text.lastIndexOf("\n", text.length - 2) + 1, -1)) ? "\n" : "";
}
