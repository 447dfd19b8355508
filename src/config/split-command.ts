/**
 * A command's text to its words, as a POSIX shell splits them (2.2 Quoting of its specification), but with nothing else
 * of a shell: no variables of its own, no patterns, no pipes. `${NAME}` and `$$` are ours and are replaced here, within
 * a word, so that a value with blanks stays one word.
 */

import { readReference, type Variables } from "./expand.ts";

export type Split =
  | { words: string[] }
  /** Offset of what is wrong in the text. */
  | { error: string; fix: string; from: number; to: number };

/** What stands for itself, outside of quotes and within double ones. */
const plainRun = /[^ \t\n"'\\$]+/y;
const quotedRun = /[^"\\$]+/y;
/** Characters that a shell would act on; to split at them would surprise, to pass them on would too. */
const operators = /^(?:[|&;()]|&&|\|\||;;|\d?(?:<|>|>>|<<)(?:&\d?)?|&>)$/;

export function splitCommand(text: string, variables: Variables): Split {
  // Most commands hold nothing that is special.
  if (!/["'\\$\n\t#|&;<>()]/.test(text)) {
    const words = text.split(" ");
    return { words: words.includes("") ? words.filter((word) => word !== "") : words };
  }
  return new Splitter(text, variables).split();
}

class Splitter {
  private readonly text: string;
  private readonly variables: Variables;
  private at = 0;

  constructor(text: string, variables: Variables) {
    this.text = text;
    this.variables = variables;
  }

  split(): Split {
    const words: string[] = [];
    const { text } = this;
    for (;;) {
      this.skipBlanks();
      if (this.at >= text.length) return { words };
      // A comment begins where a word could begin.
      if (text[this.at] === "#") {
        const end = text.indexOf("\n", this.at);
        this.at = end < 0 ? text.length : end;
        continue;
      }
      const start = this.at;
      const word = this.word();
      if (typeof word !== "string") return word;
      const written = text.slice(start, this.at);
      if (written.length <= 4 && operators.test(written)) {
        const fix = `write shell: true when a shell should read the command, or '${written}' in quotes`;
        return {
          error: `${written} means something to a shell, and no shell reads this command`,
          fix,
          from: start,
          to: this.at,
        };
      }
      words.push(word);
    }
  }

  private skipBlanks(): void {
    const { text } = this;
    while (this.at < text.length) {
      const character = text[this.at];
      if (character === " " || character === "\t" || character === "\n") this.at++;
      else if (text[this.at] === "\\" && text[this.at + 1] === "\n") this.at += 2;
      else return;
    }
  }

  private word(): string | Exclude<Split, { words: string[] }> {
    const { text } = this;
    const parts: string[] = [];
    while (this.at < text.length) {
      const character = text[this.at] as string;
      if (character === " " || character === "\t" || character === "\n") break;
      let failure: Exclude<Split, { words: string[] }> | null = null;
      if (character === "'" || character === '"') failure = this.quoted(character, parts);
      else if (character === "\\") failure = this.escaped(parts);
      else if (character === "$") failure = this.dollar(parts);
      else this.run(plainRun, parts);
      if (failure !== null) return failure;
    }
    return parts.join("");
  }

  private quoted(quote: string, parts: string[]): Exclude<Split, { words: string[] }> | null {
    const { text } = this;
    const start = this.at++;
    while (this.at < text.length) {
      const character = text[this.at] as string;
      if (character === quote) {
        this.at++;
        return null;
      }
      const next = text[this.at + 1];
      if (quote === '"' && character === "\\" && next !== undefined && '$`"\\\n'.includes(next)) {
        if (next !== "\n") parts.push(next);
        this.at += 2;
        continue;
      }
      if (character === "$") {
        const failure = this.dollar(parts);
        if (failure !== null) return failure;
      } else if (quote === "'") this.single(parts);
      else if (character === "\\") {
        parts.push(character);
        this.at++;
      } else this.run(quotedRun, parts);
    }
    const name = quote === "'" ? "single" : "double";
    return {
      error: `the ${name} quote is not closed`,
      fix: `close it, or write \\${quote} for the character itself`,
      from: start,
      to: start + 1,
    };
  }

  private escaped(parts: string[]): Exclude<Split, { words: string[] }> | null {
    const next = this.text[this.at + 1];
    if (next === undefined) {
      return {
        error: "nothing follows the backslash at the end",
        fix: "write \\\\ for a backslash",
        from: this.at,
        to: this.at + 1,
      };
    }
    if (next !== "\n") parts.push(next);
    this.at += 2;
    return null;
  }

  /** As many characters as stand for themselves. */
  private run(pattern: RegExp, parts: string[]): void {
    pattern.lastIndex = this.at;
    parts.push(pattern.exec(this.text)?.[0] ?? "");
    this.at = pattern.lastIndex;
  }

  /** The same within single quotes, up to the closing one or a dollar. */
  private single(parts: string[]): void {
    const { text, at } = this;
    let end = text.indexOf("'", at);
    if (end < 0) end = text.length;
    const dollar = text.indexOf("$", at);
    if (dollar >= 0 && dollar < end) end = dollar;
    parts.push(text.slice(at, end));
    this.at = end;
  }

  /** A dollar that stands for itself, or one of our references. */
  private dollar(parts: string[]): Exclude<Split, { words: string[] }> | null {
    const found = readReference(this.text, this.at, this.variables);
    if (found === null) {
      parts.push("$");
      this.at++;
      return null;
    }
    if ("error" in found) return found;
    parts.push(found.value);
    this.at = found.end;
    return null;
  }
}
