/**
 * The lists of accepted survivors, survivors/FILE.txt for each file of the engine: paragraphs, each with its reason in
 * lines that begin with `#`, then the keys of the mutants that it is about.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./instrument.ts";
import type { Outcome } from "./try-mutants.ts";

/** Keys of the listed mutants, with the reason of each. Throws when a reason is missing. */
export function readSurvivors(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) readList(join(folder, name), found);
  return found;
}

function readList(path: string, found: Map<string, string>): void {
  for (const paragraph of readFileSync(path, "utf8").split(/\n\n+/)) {
    const lines = paragraph.split("\n").filter((line) => line !== "");
    const reason = lines.filter((line) => line.startsWith("#")).map((line) => line.slice(1).trim());
    for (const key of lines.filter((line) => !line.startsWith("#"))) {
      if (reason.length === 0) throw new Error(`${path}: no reason is given for ${key}`);
      if (found.has(key)) throw new Error(`${path}: listed twice: ${key}`);
      found.set(key, reason.join(" "));
    }
  }
}

/** Keys in the list that are no mutant's any more. */
export function staleKeys(listed: Map<string, string>, mutants: Mutant[]): string[] {
  const keys = new Set(mutants.map(({ key }) => key));
  return [...listed.keys()].filter((key) => !keys.has(key));
}

export function isSurvivor({ result }: Outcome): boolean {
  return result === "survived" || result === "not reached";
}

/** Survivors that nobody has listed. */
export function unlisted(outcomes: Outcome[], listed: Map<string, string>): Outcome[] {
  return outcomes.filter((outcome) => isSurvivor(outcome) && !listed.has(outcome.mutant.key));
}

export function summary(outcomes: Outcome[], of: number, listed: Map<string, string>): string {
  const count = (result: Outcome["result"]): number => outcomes.filter((one) => one.result === result).length;
  const survived = outcomes.filter(isSurvivor);
  const known = survived.filter(({ mutant }) => listed.has(mutant.key)).length;
  const killed = `${count("killed")} killed, ${count("timed out")} timed out`;
  return `${outcomes.length} of ${of} mutants: ${killed}, ${known} listed survivors, ${survived.length - known} others survived`;
}
