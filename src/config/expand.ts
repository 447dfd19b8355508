/**
 * `${NAME}`, `${NAME:-text}` and `$$` in values. Anything else behind a dollar stays as it is, so that `$NAME`, `%s` and
 * `$1` reach the program that they are meant for.
 */

export type Variables = (name: string) => string | undefined;

export type Expansion = { text: string } | { error: string; fix: string; from: number; to: number };

const reference = /^([A-Za-z_][A-Za-z0-9_.]*)(?::-([\s\S]*))?$/;

export function expand(text: string, variables: Variables): Expansion {
  let dollar = text.indexOf("$");
  if (dollar < 0) return { text };
  const parts: string[] = [];
  let done = 0;
  while (dollar >= 0) {
    const found = readReference(text, dollar, variables);
    if (found !== null && "error" in found) return found;
    if (found !== null) {
      parts.push(text.slice(done, dollar), found.value);
      done = found.end;
    }
    dollar = text.indexOf("$", found === null ? dollar + 1 : done);
  }
  parts.push(text.slice(done));
  return { text: parts.join("") };
}

export type Reference = { value: string; end: number } | { error: string; fix: string; from: number; to: number };

/** What stands at a dollar; null: nothing that is ours. */
export function readReference(text: string, at: number, variables: Variables): Reference | null {
  const next = text[at + 1];
  if (next === "$") return { value: "$", end: at + 2 };
  if (next !== "{") return null;
  const close = text.indexOf("}", at);
  const fix = "write $$ for a dollar that is no variable";
  if (close < 0) return { error: "${ is not closed with }", fix, from: at, to: at + 2 };
  const found = reference.exec(text.slice(at + 2, close));
  const written = text.slice(at, close + 1);
  if (found === null)
    return { error: `${written} is neither \${NAME} nor \${NAME:-text}`, fix, from: at, to: close + 1 };
  const [, name = "", otherwise] = found;
  const value = variables(name);
  // As in a shell, `:-` also stands in for a variable that is empty.
  if (otherwise !== undefined) return { value: value || otherwise, end: close + 1 };
  if (value !== undefined) return { value, end: close + 1 };
  const set = `set ${name}, write \${${name}:-text} for a default, or $\${${name}} to leave it to the program`;
  return { error: `the variable ${name} is not set`, fix: set, from: at, to: close + 1 };
}

/** A text that expand() turns into this one. */
export function escapeDollars(text: string): string {
  return text.replace(/\$(?=[${])/g, "$$$$");
}
