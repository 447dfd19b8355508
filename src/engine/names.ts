/** Which services a request means: names, globs (`worker-*`) and `tag:web`; for a slip of the finger what was meant. */

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
  const names = items.map((item) => item.plan.name);
  const suggestions = [...new Set(unknown.flatMap((word) => suggest(word, names)))];
  return { found: items.filter((item) => found.has(item)), unknown, suggestions };
}

function matcherOf(word: string): (plan: ServicePlan) => boolean {
  if (word.startsWith("tag:")) {
    const tag = word.slice(4);
    return (plan) => plan.tags.includes(tag);
  }
  if (!/[*?[]/.test(word)) return (plan) => plan.name === word;
  const pattern = globPattern(word);
  return (plan) => pattern.test(plan.name);
}

/** `*`, `?` and `[a-c]`, `[!x]` as a shell knows them. */
function globPattern(glob: string): RegExp {
  let text = "";
  for (let at = 0; at < glob.length; at++) {
    const letter = glob[at] as string;
    const end = letter === "[" ? glob.indexOf("]", at + 2) : -1;
    if (letter === "*") text += ".*";
    else if (letter === "?") text += ".";
    else if (end > 0) {
      const inside = glob
        .slice(at + 1, end)
        .replace(/^!/, "^")
        .replace(/[\\[]/g, "\\$&");
      text += `[${inside}]`;
      at = end;
    } else text += letter.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  }
  try {
    return new RegExp(`^${text}$`);
  } catch {
    // A class such as [z-a]: matches nothing.
    return /^(?!)/;
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
  const width = to.length + 1;
  let before: number[] = [];
  let last = Array.from({ length: width }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column < width; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, (before[column - 2] as number) + 1);
      current.push(least);
    }
    before = last;
    last = current;
  }
  return last[width - 1] as number;
}
