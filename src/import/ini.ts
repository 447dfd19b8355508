/** Texts of sections and `key = value`, as supervisord and systemd have them, each with its own idea of what goes on. */

import type { At } from "./draft.ts";

export interface IniEntry {
  at: At;
  key: string;
  value: string;
}

export interface IniSection {
  name: string;
  at: At;
  entries: IniEntry[];
}

export interface IniText {
  sections: IniSection[];
  /** Lines that are neither. */
  wrong: At[];
}

/**
 * Python's configparser, as supervisord uses it: `=` or `:` behind a key, lines that are indented go on, `;` or `#`
 * behind a blank begins a remark, and keys have no case.
 */
export function readSupervisorIni(text: string, file: string): IniText {
  const found: IniText = { sections: [], wrong: [] };
  let last: IniEntry | null = null;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/(?:^|\s)[;#].*$/, "").trimEnd();
    const at = { file, line: index + 1, key: "" };
    if (line === "") continue;
    if (/^\s/.test(line)) {
      if (last !== null) last.value += `\n${line.trim()}`;
      else found.wrong.push(at);
      continue;
    }
    last = readLine(line, at, found, /^([^:=\s][^:=]*?)\s*[:=]\s*(.*)$/);
    if (last !== null) last.key = last.key.toLowerCase();
  }
  return found;
}

/** systemd.syntax(7): a backslash at the end goes on in the next line; `#` and `;` begin a remark only in front. */
export function readSystemdIni(text: string, file: string): IniText {
  const found: IniText = { sections: [], wrong: [] };
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const at = { file, line: index + 1, key: "" };
    let line = lines[index] as string;
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    while (line.endsWith("\\") && index + 1 < lines.length) {
      const next = lines[++index] as string;
      if (!/^\s*[#;]/.test(next)) line = `${line.slice(0, -1)} ${next}`;
    }
    readLine(line.trim(), at, found, /^([^=\s]+)\s*=\s*([\s\S]*)$/);
  }
  return found;
}

/** The entry that the line is, so that it may go on. */
function readLine(line: string, at: At, found: IniText, pattern: RegExp): IniEntry | null {
  const head = /^\[([^\]]*)\]\s*$/.exec(line);
  const section = found.sections.at(-1);
  if (head !== null) {
    found.sections.push({ name: head[1] as string, at: { ...at, key: line.trim() }, entries: [] });
    return null;
  }
  const pair = pattern.exec(line);
  if (pair === null || section === undefined) {
    found.wrong.push(at);
    return null;
  }
  const [, key = "", value = ""] = pair;
  const entry = { at: { ...at, key }, key, value };
  section.entries.push(entry);
  return entry;
}
