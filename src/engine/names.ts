/** Which services a request means: names, globs (`worker-*`) and `tag:web`; for a slip of the finger what was meant. */

import { familyOf } from "./instance.ts";
import type { ServicePlan } from "./plan.ts";

export interface Named {
  plan: ServicePlan;
}

export interface Match<Item extends Named> {
  /** In the order of the plan, each once. */
  found: Item[];
  /** Words that match nothing. */
  unknown: string[];
  suggestions: string[];
}

export function matchNames<Item extends Named>(items: readonly Item[], words: readonly string[]): Match<Item> {
  const found = new Set<Item>();
  const unknown: string[] = [];
  for (const word of words) {
    const matches = matcherOf(word);
    let any = false;
    for (const item of items) {
      if (!matches(item.plan)) continue;
      found.add(item);
      any = true;
    }
    if (!any) unknown.push(word);
  }
  const suggestions = unknown.length === 0 ? [] : suggestAll(unknown, items);
  return { found: items.filter((item) => found.has(item)), unknown, suggestions };
}

function suggestAll(words: readonly string[], items: readonly Named[]): string[] {
  const names = items.map((item) => item.plan.name);
  return [...new Set(words.flatMap((word) => suggest(word, names)))];
}

function matcherOf(word: string): (plan: ServicePlan) => boolean {
  if (word.startsWith("tag:")) {
    const tag = word.slice(4);
    return (plan) => plan.tags.includes(tag);
  }
  // The usual case: an expression for each of a thousand services would take most of the time of an answer.
  // All replicas are meant by the name that the configuration gives them.
  if (!/[*?[]/.test(word)) return ({ name }) => name === word || familyOf(name) === word;
  const pattern = globPattern(word);
  return ({ name }) => pattern.test(name) || pattern.test(familyOf(name));
}

/** `*`, `?` and `[a-c]`, `[!x]` as a shell knows them. */
function globPattern(glob: string): RegExp {
  const text = glob.replace(/\[(!?)(.[^\]]*)\]|./g, (part, not: string, letters: string | undefined) => {
    if (letters !== undefined) return `[${not === "" ? "" : "^"}${letters.replace(/[\\[\]]/g, "\\$&")}]`;
    if (part === "*") return ".*";
    return part === "?" ? "." : part.replace(/[.+^${}()|[\]\\]/, "\\$&");
  });
  try {
    return new RegExp(`^${text}$`);
  } catch {
    // A class such as [z-a]: matches nothing.
    return /(?!)/;
  }
}

const suggestionsMax = 5;
const distanceMax = 2;

/** Names that begin with the word, or that two slips of the finger lead to; nearest first. */
export function suggest(word: string, names: readonly string[]): string[] {
  const near: { name: string; distance: number }[] = [];
  for (const name of names) {
    if (word !== "" && name.startsWith(word)) near.push({ name, distance: 0.5 });
    else if (Math.abs(name.length - word.length) <= distanceMax) {
      const distance = slips(word, name);
      if (distance <= Math.min(distanceMax, Math.max(word.length, name.length) - 1)) near.push({ name, distance });
    }
  }
  near.sort((one, other) => one.distance - other.distance);
  return near.slice(0, suggestionsMax).map(({ name }) => name);
}

/** Damerau-Levenshtein distance: letters left out, put in, replaced, or swapped with their neighbour. */
export function slips(from: string, to: string): number {
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  let before = last;
  for (let row = 0; row < from.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < to.length; column++) {
      const same = from[row] === to[column];
      let least = Math.min(
        (last[column + 1] as number) + 1,
        (current[column] as number) + 1,
        (last[column] as number) + (same ? 0 : 1),
      );
      const isSwapped = from[row] === to[column - 1] && from[row - 1] === to[column];
      if (isSwapped) least = Math.min(least, (before[column - 1] as number) + 1);
      current.push(least);
    }
    before = last;
    last = current;
  }
  return last.at(-1) as number;
}
