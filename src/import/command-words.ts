/** Commands as a configuration has them: words to one text where that is readable, else to a list; and what of a shell. */

import type { Data } from "../config/write-yaml.ts";
import { type At, literal, type ServiceDraft } from "./draft.ts";

/**
 * A command without a shell. A text is written so that gonit and a shell read it alike, since `shell: true` may stand
 * beside it; a dollar would not be the same for both, so it makes a list.
 */
export function commandOf(words: string[]): Data {
  const written: string[] = [];
  for (const word of words) {
    const one = quotedWord(word);
    if (one === null) return words.map(literal);
    written.push(one);
  }
  return written.join(" ");
}

/** null: it would be hard to read. */
function quotedWord(word: string): string | null {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (/[$\0-\x1f\x7f]/.test(word)) return null;
  if (!/["\\`!]/.test(word)) return `"${word}"`;
  return word.includes("'") ? null : `'${word}'`;
}

/** A word as sh(1) reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command that a shell reads, whatever the service's `shell` says. */
export function shellCommand(text: string): Data {
  return ["/bin/sh", "-c", literal(text)];
}

/** A command that ends with success, whatever becomes of it. */
export function forgivingCommand(words: string[]): Data {
  return shellCommand(`${words.map(shellWord).join(" ")} || :`);
}

const shellWords = new Set(
  (
    ". : [ alias bg break case cd command continue do echo elif else eval exec exit export false fg fi for function " +
    "getopts hash if in jobs kill local printf pwd read readonly return set shift source test then time times trap " +
    "true type ulimit umask unalias unset until wait while {"
  ).split(" "),
);

/** Words, quoted texts without anything to expand, and blanks between them. No repetition within the repetition. */
const plainText = /^(?:[\w@%+=:,./ \t-]|"[^"$`\\!\n]*"|'[^'$\n]*')+$/;

/**
 * The same command for no shell, when the text needs none: the shell that would stand between gonit and the program is
 * one process less, and hands no signals on. null: it needs one.
 */
export function withoutShell(text: string): string | null {
  const command = text.trim().replace(/^exec[ \t]+(?=[\w./])/, "");
  const first = /^[^ \t]*/.exec(command)?.[0] ?? "";
  if (command === "" || !plainText.test(command) || !/^[\w@%+:,./-]+$/.test(first) || shellWords.has(first))
    return null;
  return command.replace(/[ \t]+/g, (blanks) => (blanks.includes("\t") ? " " : blanks));
}

/** A text that another manager hands to a shell. */
export function setShellText(service: ServiceDraft, text: string, at: At): void {
  const plain = withoutShell(text);
  service.set("command", plain ?? text.trimEnd(), at);
  if (plain === null) service.set("shell", true, at);
}

/** Words of a text as a POSIX shell splits it, without expansion: for shlex and its likes. null: a quote is open. */
export function splitWords(text: string, options: { comments: boolean } = { comments: false }): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === "#" && word === null && options.comments) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (character === "\\") {
      const next = text[++at];
      if (next === undefined) return null;
      if (next !== "\n") word = (word ?? "") + next;
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(text, at);
      if (quoted === null) return null;
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else word = (word ?? "") + character;
  }
  if (word !== null) words.push(word);
  return words;
}

/** `end` is where the closing quote stands. */
function readQuoted(text: string, start: number): { text: string; end: number } | null {
  const quote = text[start];
  let found = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === quote) return { text: found, end: at };
    const next = text[at + 1] ?? "";
    if (quote === '"' && character === "\\" && '"\\$`\n'.includes(next) && next !== "") {
      if (next !== "\n") found += next;
      at++;
    } else found += character;
  }
  return null;
}
