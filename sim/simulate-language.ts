/**
 * The language of `gonit simulate`: short sentences such as `db exits 1 at 3s` or `web is ready within 10s`. A sentence is
 * a phrase, then clauses that say when. Phrases are tables: the same tables read a sentence, tell what could stand at the
 * place where it cannot be read any further, and are what the documentation lists.
 *
 *   exits CODE          a word as it is, and a place for a value
 *   is killed [by] SIGNAL      a word that may be left out
 */

import { parseDuration } from "../src/config/duration.ts";
import { Refusal } from "../src/config/refusal.ts";
import { parseSignal } from "../src/config/signals.ts";
import { nearest } from "../src/config/suggest.ts";
import { errnoNumber } from "./simulate-errno.ts";

/** A sentence that cannot be read: where, why, and what could be meant. Columns count from 0. */
export class Misread extends Error {
  readonly sentence: string;
  readonly column: number;
  readonly length: number;
  readonly fix: string;

  constructor(sentence: string, word: Word, message: string, fix: string) {
    super(message);
    this.sentence = sentence;
    this.column = word.column;
    this.length = Math.max(1, word.text.length);
    this.fix = fix;
  }
}

export interface Word {
  text: string;
  column: number;
}

/** What stood in the places of a phrase: numbers for values, texts for names. */
export type Values = Map<string, number | string>;

export interface Phrase<Made> {
  words: string;
  /** Clauses that may follow. */
  when: readonly ClauseName[];
  make(values: Values, when: When): Made;
}

const clauses = {
  at: "at TIME",
  after: "after TIME",
  from: "from TIME",
  to: "to TIME",
  until: "until TIME",
  for: "for TIME",
  within: "within TIME",
  times: "COUNT times",
  once: "once",
} as const;

export type ClauseName = keyof typeof clauses;

/** Clauses of one sentence; times in milliseconds. */
export type When = Partial<Record<ClauseName, number>>;

export interface Sentence<Made> {
  made: Made;
  when: When;
}

export function wordsOf(text: string): Word[] {
  return [...text.matchAll(/\S+/g)].map((found) => ({ text: found[0], column: found.index }));
}

/** Sentences of one option; a semicolon stands between two. */
export function sentencesOf(text: string): string[] {
  const parts = text.split(";").map((part) => part.trim());
  // A semicolon at the end is no sentence; an option without any is a slip.
  return parts.filter((part, at) => part !== "" || (at === 0 && parts.every((one) => one === "")));
}

export class Reader {
  readonly text: string;
  readonly words: Word[];
  at = 0;

  constructor(text: string) {
    this.text = text;
    this.words = wordsOf(text);
  }

  get word(): Word {
    return this.words[this.at] ?? { text: "", column: this.text.length };
  }

  get isAtEnd(): boolean {
    return this.at >= this.words.length;
  }

  fail(message: string, fix = "", word = this.word): never {
    throw new Misread(this.text, word, message, fix);
  }

  /** One of the phrases and its clauses, to the end of the sentence. */
  sentence<Made>(phrases: readonly Phrase<Made>[]): Sentence<Made> {
    const found = this.phrase(phrases) ?? this.failPhrase(phrases);
    const when = this.clauses(found.phrase);
    return { made: found.phrase.make(found.values, when), when };
  }

  /** The longest phrase that stands here; null: none does. */
  phrase<Made>(phrases: readonly Phrase<Made>[]): { phrase: Phrase<Made>; values: Values } | null {
    let best: { phrase: Phrase<Made>; values: Values } | null = null;
    let end = -1;
    for (const phrase of phrases) {
      const match = matchPhrase(this.words, this.at, phrase.words);
      if (match.expected !== "" || match.end <= end) continue;
      best = { phrase, values: match.values };
      end = match.end;
    }
    if (best !== null) this.at = end;
    return best;
  }

  /** Tells what could stand where the best of the phrases ended. */
  private failPhrase(phrases: readonly Phrase<unknown>[]): never {
    let furthest = this.at;
    const expected: string[] = [];
    let refusal = new Refusal("");
    for (const { words } of phrases) {
      const match = matchPhrase(this.words, this.at, words);
      if (match.end < furthest || match.expected === "") continue;
      if (match.end > furthest) expected.length = 0;
      furthest = match.end;
      if (!expected.includes(match.expected)) expected.push(match.expected);
      if (match.refusal !== null) refusal = match.refusal;
    }
    this.at = furthest;
    const values = expected.filter(isPlace);
    if (expected.length === 1 && values.length === 1 && !this.isAtEnd) {
      this.fail(`cannot use "${this.word.text}" as ${placeNames[values[0] as string]}: ${refusal.why}`, refusal.fix);
    }
    this.failExpected(expected);
  }

  private failExpected(expected: string[]): never {
    const known = expected.map((one) => (isPlace(one) ? (placeNames[one] as string) : one));
    const list = known.join(", ");
    const missing = known.length === 1 ? list : `one of ${list}`;
    if (this.isAtEnd) this.fail(`the sentence ends where ${missing} is missing`);
    const near = nearest(
      this.word.text,
      expected.filter((one) => !isPlace(one)),
    );
    const { text } = this.word;
    if (near !== null) this.fail(`"${text}" means nothing here`, `did you mean ${near}?`);
    this.fail(`"${text}" means nothing here: it can be ${list}`);
  }

  private clauses({ words, when: allowed }: Phrase<unknown>): When {
    const when: When = {};
    while (!this.isAtEnd) {
      const names = allowed.filter((name) => when[name] === undefined);
      const found = this.phrase(clausePhrases(names));
      if (found === null) this.failClause(words, allowed, names);
      const { phrase, values } = found;
      const name = phrase.make(values, when);
      const value = values.get("TIME") ?? values.get("COUNT") ?? 1;
      when[name] = value as number;
    }
    return when;
  }

  private failClause(phrase: string, allowed: readonly ClauseName[], open: ClauseName[]): never {
    const { text } = this.word;
    const all = Object.keys(clauses) as ClauseName[];
    const used = allowed.find((name) => !open.includes(name) && clauses[name].startsWith(`${text} `));
    if (used !== undefined) this.fail(`"${text}" stands twice`);
    const other = all.find((name) => !allowed.includes(name) && clauses[name].startsWith(`${text} `));
    if (other !== undefined) {
      const may = allowed.map((name) => clauses[name]).join(", ");
      this.fail(`"${text}" does not go with "${shownPhrase(phrase)}"${may === "" ? "" : `: it can be ${may}`}`);
    }
    if (open.length === 0) this.fail(`"${text}" is more than the sentence needs`);
    this.failPhrase(clausePhrases(open));
  }
}

function clausePhrases(names: ClauseName[]): Phrase<ClauseName>[] {
  return names.map((name) => ({ words: clauses[name], when: [], make: () => name }));
}

/** `[by]` without its brackets. */
export function shownPhrase(words: string): string {
  return words.replace(/\[(\S+)\] /g, "").replace(/ \[(\S+)\]/g, "");
}

interface Match {
  values: Values;
  /** Word behind what was read. */
  end: number;
  /** What should have stood there; empty: the phrase is complete. */
  expected: string;
  refusal: Refusal | null;
}

function matchPhrase(words: Word[], from: number, phrase: string): Match {
  const values: Values = new Map();
  let at = from;
  for (const part of phrase.split(" ")) {
    const optional = part.startsWith("[");
    const token = optional ? part.slice(1, -1) : part;
    const word = words[at]?.text;
    const value = word === undefined ? null : isPlace(token) ? readPlace(token, word) : word === token ? "" : null;
    if (value === null || value instanceof Refusal) {
      if (optional) continue;
      return { values, end: at, expected: token, refusal: value };
    }
    if (isPlace(token)) values.set(token, value);
    at++;
  }
  return { values, end: at, expected: "", refusal: null };
}

function isPlace(token: string): boolean {
  return Object.hasOwn(placeNames, token);
}

const placeNames: Record<string, string> = {
  CODE: "an exit code",
  COUNT: "a number",
  ERRNO: "an error",
  FILE: "a file",
  JUMP: "a time with its sign",
  NAME: "a service",
  SIGNAL: "a signal",
  TIME: "a time",
};

function readPlace(place: string, word: string): number | string | Refusal {
  switch (place) {
    case "CODE":
      return /^\d{1,3}$/.test(word) && Number(word) < 256 ? Number(word) : new Refusal("it is a number from 0 to 255");
    case "COUNT":
      return /^\d{1,6}$/.test(word) ? Number(word) : new Refusal("it is no number");
    case "ERRNO":
      return errnoNumber(word);
    case "JUMP":
      return readJump(word);
    case "SIGNAL":
      return parseSignal(word);
    case "TIME":
      return parseDuration(word);
    default:
      return word;
  }
}

function readJump(word: string): number | Refusal {
  const sign = word.startsWith("-") ? -1 : word.startsWith("+") ? 1 : 0;
  if (sign === 0) return new Refusal("it begins with + or -", `write +${word} or -${word}`);
  const ms = parseDuration(word.slice(1));
  return typeof ms === "number" ? sign * ms : ms;
}
