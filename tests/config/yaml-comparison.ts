/** Two readings of one text held against each other, and a text in which they differ made short. */

import type { Meaning, Outcome } from "./yaml-meaning.ts";
import { referenceOutcome } from "./yaml-reference.ts";

export interface Figures {
  compared: number;
  accepted: number;
  /** Refused by gonit alone: its own bounds and restrictions. */
  refusedAlone: number;
  refusedByBoth: number;
  /** Texts that the reference reads in another way than YAML 1.2 asks for, by what it does. */
  exempt: Map<string, number>;
}

export function newFigures(): Figures {
  return { compared: 0, accepted: 0, refusedAlone: 0, refusedByBoth: 0, exempt: new Map() };
}

/** Where the package yaml departs from YAML 1.2, with the texts that it happens in. */
const departures: { name: string; happens: RegExp; kept: (text: string) => string }[] = [
  {
    // Chapter 8.1: with its indentation told, a line of blanks is a line of text.
    name: "blank last lines of a block text of told indentation are dropped",
    happens: /[|>][-+]?[1-9]/,
    kept: (text) => text.replace(/[ \n]+$/, ""),
  },
  {
    // Chapter 7.3.1: s-double-escaped keeps the empty lines behind the escaped line end.
    name: "an empty line behind an escaped line end becomes a blank",
    happens: /\\\r?\n[ \t]*\r?\n/,
    kept: (text) => text.replace(/[ \n]+/g, " "),
  },
];

/** What is wrong with gonit's reading of a text; null: nothing. */
export function differenceOf(text: string, ours: Outcome, theirs: Outcome, figures = newFigures()): string | null {
  figures.compared++;
  if ("problems" in ours) {
    if ("problems" in theirs) figures.refusedByBoth++;
    else figures.refusedAlone++;
    const wrong = ours.problems.find((problem) => !/^config\.yml:\d+:\d+: ./.test(problem));
    return wrong === undefined ? null : `a problem without its place: ${wrong}`;
  }
  figures.accepted++;
  if ("problems" in theirs) return `accepted, and refused by the reference: ${kindOf(theirs.problems[0] ?? "")}`;
  const [one, other] = [shown(ours.meaning), shown(theirs.meaning)];
  if (one === other) return null;
  for (const { name, happens, kept } of departures) {
    if (!happens.test(text) || shown(ours.meaning, kept) !== shown(theirs.meaning, kept)) continue;
    figures.exempt.set(name, (figures.exempt.get(name) ?? 0) + 1);
    return null;
  }
  return "it means something else";
}

function kindOf(message: string): string {
  return message.split(" at line ")[0] ?? "";
}

/** A text without a value, and a value that is empty, are one. */
function shown(meaning: Meaning | null, kept = (text: string) => text): string {
  const nothing: Meaning = ["scalar", "", "object null"];
  return JSON.stringify(meaning ?? nothing, (_key, value: unknown) =>
    typeof value === "string" ? kept(value) : value,
  );
}

/** The shortest text found by taking pieces away in which the same is wrong. */
export function shortened(text: string, difference: string, read: (texts: string[]) => Outcome[]): string {
  let best = text;
  for (let size = Math.max(1, best.length >> 1); size >= 1; ) {
    const candidates: string[] = [];
    for (let at = 0; at + size <= best.length; at += Math.max(1, size >> 1))
      candidates.push(best.slice(0, at) + best.slice(at + size));
    const outcomes = read(candidates);
    const found = candidates.findIndex(
      (candidate, at) => differenceOf(candidate, outcomes[at] as Outcome, referenceOutcome(candidate)) === difference,
    );
    if (found >= 0) best = candidates[found] as string;
    else size >>= 1;
  }
  return best;
}

export function shownFigures({ compared, accepted, refusedAlone, refusedByBoth, exempt }: Figures): string {
  const others = [...exempt].map(([name, count]) => `; ${count} times the reference departs: ${name}`).join("");
  return `${compared} compared, ${accepted} accepted, ${refusedAlone} refused by gonit alone, ${refusedByBoth} by both${others}`;
}
