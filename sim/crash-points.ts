/**
 * The manager dies at every position of the journal of a history: before the entry is written, and after it with none,
 * some and all of its effects performed. Each time the history is run to its end, with every check.
 */

import { type Figures, runHistory } from "./fuzz.ts";
import { type History, makeHistory } from "./histories.ts";
import type { CrashPoint } from "./world.ts";

export interface CrashFailure {
  seed: number;
  turn: number;
  point: CrashPoint;
  message: string;
}

export interface CrashFigures {
  histories: number;
  positions: number;
  runs: number;
  figures: Figures;
}

/** How many effects were performed at a death after the entry; more than there are: all. */
const performed: CrashPoint[] = ["before-append", 0, 2, 1000];

/** Histories from a seed on, without crashes of their own. The first failure, or null. */
export function crashEverywhere(firstSeed: number, histories: number, found: CrashFigures): CrashFailure | null {
  for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
    const whole = makeHistory(seed);
    const history: History = { ...whole, moves: whole.moves.filter(({ kind }) => kind !== "crash") };
    const { turnCount: turns } = runHistory(history);
    found.histories++;
    found.positions += turns;
    for (let turn = 1; turn <= turns; turn++) {
      for (const point of performed) {
        found.runs++;
        const message = failureAt(history, turn, point, found.figures);
        if (message !== null) return { seed, turn, point, message };
      }
    }
  }
  return null;
}

/** What goes wrong when the manager dies in this turn of the history; null: nothing. */
export function failureAt(history: History, turn: number, point: CrashPoint, figures: Figures): string | null {
  try {
    runHistory(history, figures, { crashAt: { turn, point } });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
