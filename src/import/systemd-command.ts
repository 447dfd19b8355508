/** Command lines of systemd: prefixes, quotes, escapes and variables, as in systemd.service(5), COMMAND LINES. */

import type { Data } from "../config/write-yaml.ts";
import { commandOf, forgivingCommand, shellCommand, shellWord } from "./command-words.ts";
import type { At, Draft } from "./draft.ts";

/** Marks of `${NAME}` within a word, and of `$NAME` that becomes words of its own. */
const inner = /\ue000([^\ue001]*)\ue001/g;
const alone = /^\ue002(.*)$/;

export interface SystemdCommand {
  at: At;
  /** `-`: its failure does not matter. */
  isForgiven: boolean;
  /** `+`, `!`: not as the service's user. */
  isPrivileged: boolean;
  words: string[];
}

/** The commands of one value; `;` stands between several. null: it cannot be split, which is told. */
export function readCommands(value: string, at: At, draft: Draft): SystemdCommand[] | null {
  const words = splitUnitWords(value);
  if (words === null) {
    draft.note(at, "the command cannot be split into words", "close the quote");
    return null;
  }
  const commands: SystemdCommand[] = [];
  let list: string[] = [];
  for (const word of [...words, ";"]) {
    if (word !== ";") list.push(word === "\\;" ? ";" : word);
    else {
      if (list.length > 0) commands.push(readOne(list, at, draft));
      list = [];
    }
  }
  return commands;
}

function readOne([first = "", ...rest]: string[], at: At, draft: Draft): SystemdCommand {
  const prefix = /^[-@:+!|]*/.exec(first)?.[0] ?? "";
  const words = [first.slice(prefix.length), ...rest];
  if (prefix.includes("@") && words.length > 1) {
    const [name] = words.splice(1, 1);
    if (name !== words[0])
      draft.note(at, `the program is not called ${name}: a program has the name that it is started by`);
  }
  return {
    at,
    isForgiven: prefix.includes("-"),
    isPrivileged: /[+!]/.test(prefix),
    words: prefix.includes(":") ? words : words.map(markVariables),
  };
}

function markVariables(word: string): string {
  const whole = /^\$([A-Za-z_]\w*)$/.exec(word);
  if (whole !== null) return `\ue002${whole[1]}`;
  return word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (_, name?: string) =>
    name === undefined ? "$" : `\ue000${name}\ue001`,
  );
}

/** Puts in what the unit itself says; what only the running service knows stays marked. */
export function withVariables(command: SystemdCommand, known: ReadonlyMap<string, string>): SystemdCommand {
  const words = command.words.flatMap((word) => {
    const name = alone.exec(word)?.[1];
    if (name !== undefined)
      return known.has(name) ? (known.get(name) ?? "").split(/\s+/).filter((one) => one !== "") : [word];
    return [word.replace(inner, (written, one: string) => known.get(one) ?? written)];
  });
  return { ...command, words };
}

/** Whether a shell must put variables in. */
export function needsShell({ words }: SystemdCommand): boolean {
  return words.some((word) => /[\ue000\ue002]/.test(word));
}

export function shellText({ words }: SystemdCommand): string {
  return words.map(forShell).join(" ");
}

function forShell(word: string): string {
  const name = alone.exec(word)?.[1];
  if (name !== undefined) return `$${name}`;
  if (!word.includes("\ue000")) return shellWord(word);
  return `"${word.replace(/["\\$`]/g, "\\$&").replace(inner, (_, one) => `\${${one}}`)}"`;
}

/** A command beside the main one, whatever the service's `shell` says. */
export function commandData(command: SystemdCommand): Data {
  if (needsShell(command))
    return shellCommand(command.isForgiven ? `${shellText(command)} || :` : `exec ${shellText(command)}`);
  return command.isForgiven ? forgivingCommand(command.words) : commandOf(command.words);
}

/** Several commands, one after the other. */
export function commandsData(commands: SystemdCommand[]): Data {
  const [first, ...others] = commands;
  if (first !== undefined && others.length === 0) return commandData(first);
  return shellCommand(
    commands.map((one) => (one.isForgiven ? `{ ${shellText(one)} || :; }` : shellText(one))).join(" && "),
  );
}

const escapes: { [letter: string]: string } = {
  a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", s: " ", "\\": "\\", '"': '"', "'": "'",
}; // biome-ignore format: one table

/** Words of a value; quotes and C escapes as systemd.syntax(7) has them. null: a quote is open. */
export function splitUnitWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quote === "" && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === quote) quote = "";
    else if (quote === "" && word === null && (character === '"' || character === "'")) {
      quote = character;
      word = "";
    } else if (character === "\\") {
      const found = readEscape(text, at);
      word = (word ?? "") + found.text;
      at = found.end;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") return null;
  if (word !== null) words.push(word);
  return words;
}

/** `end` is its last character. */
function readEscape(text: string, at: number): { text: string; end: number } {
  const next = text[at + 1] ?? "";
  const known = escapes[next];
  if (known !== undefined) return { text: known, end: at + 1 };
  const code = /^x([0-9a-fA-F]{2})|^u([0-9a-fA-F]{4})|^([0-7]{3})/.exec(text.slice(at + 1, at + 6));
  if (code === null) return { text: `\\${next}`, end: next === "" ? at : at + 1 };
  const number = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? "", code[3] === undefined ? 16 : 8);
  return { text: number === 0 ? "" : String.fromCharCode(number), end: at + code[0].length };
}
