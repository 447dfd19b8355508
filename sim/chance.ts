/**
 * Chance that depends on what is asked, not on what was asked before: the same seed and the same question give the same
 * answer whatever else a history holds. So a failing history can be shortened without everything in it changing.
 */

/** 32 bits from a seed and the words of a question (FNV-1a, then the finaliser of MurmurHash3). */
export function hash(seed: number, ...words: (string | number)[]): number {
  let state = (seed ^ 0x811c9dc5) >>> 0;
  for (const word of words) {
    if (typeof word === "number") {
      state = Math.imul(state ^ (word & 0xffff), 0x01000193);
      state = Math.imul(state ^ (word >>> 16), 0x01000193);
    } else for (let at = 0; at < word.length; at++) state = Math.imul(state ^ word.charCodeAt(at), 0x01000193);
    state = Math.imul(state ^ 0xff, 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** A row of numbers from one seed, for making plans and histories. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = hash(seed, "dice") || 1;
  }

  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** From 0 to count - 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** True in `percent` of all cases. */
  percent(percent: number): boolean {
    return this.next() % 100 < percent;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}
