/**
 * The run scripts of runit and s6. Most do nothing but start one program, as some user: these become a command, which
 * needs neither the script nor the tools that it uses. The others are run as they are.
 */

import type { Data } from "../config/write-yaml.ts";
import { commandOf, splitWords, withoutShell } from "./command-words.ts";
import { literal } from "./draft.ts";

export interface Script {
  command: Data;
  /** The text is for a shell. */
  isShell: boolean;
  user: string | null;
  group: string | null;
  directory: string | null;
}

/** Words of the first line behind `#!`, without paths: ["with-contenv", "bash"]. */
function interpreterOf(text: string): string[] {
  const found = /^#!\s*(.*)$/m.exec(text.split("\n", 1)[0] ?? "");
  return (found?.[1] ?? "").split(/\s+/).map((word) => word.replace(/^.*\//, ""));
}

const shells = new Set(["sh", "bash", "dash", "ash", "zsh"]);

/** A backslash at the end goes on in the next line; the blanks around it are one. */
function joinedLines(text: string): string {
  return text.replace(/ ?\\\n[ \t]*/g, (written) => (written === "\\\n" ? "" : " "));
}

/** null: it does more than to start one program. */
export function readScript(text: string): Script | null {
  const interpreter = interpreterOf(text);
  const lines = joinedLines(text).split("\n").slice(1);
  const code = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (interpreter.includes("execlineb")) return execlineScript(code.join(" "));
  if (!interpreter.some((word) => shells.has(word))) return null;
  let directory: string | null = null;
  const last = code.at(-1) ?? "";
  for (const line of code.slice(0, -1)) {
    const folder = /^cd\s+(\/[\w./-]*)$/.exec(line);
    if (folder !== null) directory = folder[1] as string;
    else if (!/^(?:exec\s+2>&1|set\s+[-+][a-z]+(?:\s+pipefail)?)$/.test(line)) return null;
  }
  const program = /^exec\s+(?!\d?[<>])(.*)$/.exec(last.replace(/ 2>&1$/, "").trimEnd())?.[1];
  if (program === undefined) return null;
  const script = unwrapped(program);
  return script === null ? null : { ...script, directory };
}

/** Takes chpst, s6-setuidgid and their likes off, which say what gonit's own keys say. */
function unwrapped(text: string): Script | null {
  let rest = text;
  let user: string | null = null;
  let group: string | null = null;
  for (;;) {
    const owner =
      /^(?:\S*\/)?(?:chpst(?:\s+-P)?\s+-u|s6-setuidgid|setuidgid|su-exec|gosu)\s+([\w.-]+)(?::([\w.-]+))?\s+(?=\S)/.exec(
        rest,
      );
    if (owner !== null) {
      user = owner[1] ?? user;
      group = owner[2] ?? group;
    }
    const found = owner ?? /^(?:\S*\/)?(?:exec|fdmove\s+-c\s+2\s+1)\s+(?=\S)/.exec(rest);
    if (found === null) break;
    rest = rest.slice(found[0].length);
  }
  if (/^(?:\S*\/)?(?:chpst|s6-envdir|s6-softlimit|s6-notifyoncheck|envdir)\s/.test(rest) || /^-/.test(rest))
    return null;
  const plain = withoutShell(rest);
  return { command: plain ?? `exec ${rest}`, isShell: plain === null, user, group, directory: null };
}

/** One chain of commands; what execline itself would do with braces and variables is left to it. */
function execlineScript(text: string): Script | null {
  if (
    /[{}$]|\b(?:importas|foreground|background|backtick|ifelse|ifte|multisubstitute|define|redirfd|pipeline)\b/.test(
      text,
    )
  )
    return null;
  const script = unwrapped(text);
  const words = script === null || script.isShell ? null : splitWords(String(script.command));
  return script === null || words === null || words.length === 0 ? null : { ...script, command: commandOf(words) };
}

/** How a script is run that stays: by itself, or without what hands on the environment of s6-overlay. */
export function scriptCommand(text: string, path: string): Data {
  const interpreter = interpreterOf(text);
  const at = interpreter.indexOf("with-contenv");
  const program = at < 0 ? [] : interpreter.slice(at + 1);
  return program.length === 0 ? literal(path) : commandOf([...program, path]);
}

/** Where a log script keeps its lines: the folder of svlogd, s6-log, multilog, logutil-service. null: it does more. */
export function logFolder(text: string): string | null {
  const code = text
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .join(" ");
  const found = /\b(?:svlogd|s6-log|multilog|logutil-service)\b([^;&|{}]*)$/.exec(code.trim());
  const folder = found?.[1]?.trim().split(/\s+/).at(-1) ?? "";
  return /^\.{0,2}\/[\w./-]+$|^\.$/.test(folder) ? folder : null;
}
