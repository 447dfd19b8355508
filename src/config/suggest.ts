/** What was probably meant: the nearest known word by Damerau-Levenshtein distance. */

/** The hint for a problem, empty when nothing is near. */
export function didYouMean(typed: string, known: Iterable<string>): string {
  const near = nearest(typed, known);
  return near === null ? "" : `did you mean ${near}?`;
}

/** The nearest of the known words, null when all are too far away to be a slip of the finger. */
export function nearest(typed: string, known: Iterable<string>): string | null {
  const bound = Math.max(1, Math.min(3, Math.floor(typed.length / 3)));
  const wanted = typed.toLowerCase();
  let best: string | null = null;
  let bestDistance = bound + 1;
  for (const word of known) {
    if (Math.abs(word.length - typed.length) >= bestDistance) continue;
    const distance = editDistance(wanted, word.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Letters that must be put in, left out, replaced or swapped with their neighbour to come from one text to the other;
 * at least `bound` when it is not below `bound`.
 */
export function editDistance(from: string, to: string, bound = Number.POSITIVE_INFINITY): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      let value = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) value = Math.min(value, (beforeLast[column - 2] ?? 0) + 1);
      current.push(value);
      if (value < least) least = value;
    }
    // A swap reaches back two rows, so one row above the bound is no proof yet.
    if (least > bound) return least;
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
