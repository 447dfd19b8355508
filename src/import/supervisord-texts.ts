/** Expansions and lists of variables in supervisord's values. */

import type { At, DataMap, Draft } from "./draft.ts";
import { literal } from "./draft.ts";
import { reference, withReferences } from "./references.ts";

/** `%(program_name)s`, `%(process_num)02d`, `%(ENV_HOME)s`, `%%`: Python's. What is not known stays, and is told. */
export function expandSupervisor(
  text: string,
  names: { [name: string]: string | number },
  at: At,
  draft: Draft,
): string {
  return text.replace(/%(?:%|\(([^)]*)\)(0?)(\d*)([sd])|)/g, (written, name?: string, zero = "", width = "") => {
    if (written === "%%") return "%";
    if (name?.startsWith("ENV_")) return reference(name.slice(4));
    const value = name === undefined ? undefined : names[name];
    if (value === undefined) {
      draft.note(at, `supervisord would refuse ${written}: it stays as it is`, "write %% there for one %");
      return written;
    }
    return String(value).padStart(Number(width), zero === "" ? " " : "0");
  });
}

/** `NAME="value",OTHER=value`: null when it is none. Values are literal but for marked references. */
export function supervisorEnvironment(text: string): DataMap | null {
  const variables: DataMap = {};
  const pattern = /\s*([^\s=,]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,"']*)\s*(?:,|$)/y;
  const whole = text.trim();
  while (pattern.lastIndex < whole.length) {
    const found = pattern.exec(whole);
    if (found === null) return null;
    const [, name = "", value = ""] = found;
    const inner = /^["']/.test(value) ? value.slice(1, -1) : value;
    variables[name] = withReferences(literal(value.startsWith('"') ? inner.replace(/\\(["\\])/g, "$1") : inner));
  }
  return variables;
}
