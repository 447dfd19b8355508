/** The keys that leave a terminal and let its service go on: `ctrl-p,ctrl-q`, or what --detach-keys names. */

const keysUsual = "ctrl-p,ctrl-q";

/** Bytes of keys written as `ctrl-a`, `ctrl-]` or one character, with commas between; null: it is no such text. */
export function parseDetachKeys(text: string | null): number[] | null {
  const bytes: number[] = [];
  for (const key of (text ?? keysUsual).split(",")) {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control !== undefined) bytes.push(control.toUpperCase().charCodeAt(0) & 0x1f);
    else if (/^[\x21-\x7e]$/.test(key)) bytes.push(key.charCodeAt(0));
    else return null;
  }
  return bytes;
}

/** Looks for the keys in what is typed. Those that may be their beginning are held back until the next one comes. */
export class DetachKeys {
  private readonly keys: number[];
  private matched = 0;

  constructor(keys: number[]) {
    this.keys = keys;
  }

  /** What goes to the program, and whether the keys were typed: what comes behind them goes nowhere. */
  take(typed: Uint8Array): { bytes: Uint8Array; detached: boolean } {
    const out: number[] = [];
    for (const byte of typed) {
      // Of what was held back the longest end that is still a beginning stays: ctrl-p ctrl-p ctrl-q detaches, too.
      while (this.matched > 0 && byte !== this.keys[this.matched]) out.push(...this.giveUpOne());
      if (byte !== this.keys[this.matched]) out.push(byte);
      else this.matched++;
      if (this.matched === this.keys.length) return { bytes: Uint8Array.from(out), detached: true };
    }
    return { bytes: Uint8Array.from(out), detached: false };
  }

  private giveUpOne(): number[] {
    for (let kept = this.matched - 1; kept >= 0; kept--) {
      const from = this.matched - kept;
      if (!this.keys.slice(0, kept).every((key, at) => key === this.keys[from + at])) continue;
      this.matched = kept;
      return this.keys.slice(0, from);
    }
    return [];
  }
}
