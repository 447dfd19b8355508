/** A timeline that people can read: what a service does again and again is told three times, then counted. */

import { timeText } from "./simulate-time.ts";
import type { Entry } from "./simulate-timeline.ts";

/** So many rounds are shown in full. */
const shownMax = 3;
const linesMax = 500;

interface Fold {
  /** How often each kind of line came since the service did something new. */
  counts: Map<string, number>;
  /** Line that stands for what is left out; null: nothing is yet. */
  line: Entry | null;
  leftOut: number;
  /** The last one that was left out, and how many lines there were. */
  last: Entry | null;
  lines: number;
}

export interface Folded {
  entries: Entry[];
  /** Lines at the end that were too many. */
  cut: number;
}

export function folded(entries: readonly Entry[]): Folded {
  const shown: Entry[] = [];
  const folds = new Map<string, Fold>();
  for (const entry of entries) {
    const fold = folds.get(entry.about) ?? newFold();
    folds.set(entry.about, fold);
    const key = entry.what.replace(/\d+(\.\d+)?/g, "#").replace(/(#(ms|[smhd]))+/g, "#");
    const count = (fold.counts.get(key) ?? 0) + 1;
    if (count === 1 && fold.line !== null) {
      // Something new: from here on all is told again.
      close(fold);
      fold.counts.clear();
    }
    fold.counts.set(key, count);
    if (count <= shownMax) {
      shown.push(entry);
      continue;
    }
    if (fold.line === null) {
      fold.line = { ...entry, what: "", why: "", tone: "plain" };
      shown.push(fold.line);
    }
    fold.leftOut = Math.max(fold.leftOut, count - shownMax);
    fold.last = entry;
    fold.lines++;
  }
  for (const fold of folds.values()) close(fold);
  const cut = Math.max(0, shown.length - linesMax);
  return { entries: shown.slice(0, linesMax), cut };
}

function newFold(): Fold {
  return { counts: new Map(), line: null, leftOut: 0, last: null, lines: 0 };
}

function close(fold: Fold): void {
  const { line, last, leftOut } = fold;
  if (line !== null && last !== null) {
    // A single line is no longer than what would stand for it.
    const times = leftOut === 1 ? "once more" : `${leftOut} more times`;
    Object.assign(line, fold.lines === 1 ? last : { what: `the same ${times}, until ${timeText(last.atMs)}` });
  }
  fold.line = null;
  fold.leftOut = 0;
  fold.lines = 0;
}
