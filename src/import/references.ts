/**
 * Variables that gonit shall replace when it loads the configuration. While a text is split and quoted they are marked by
 * characters of no meaning, so that `${NAME}` written by somebody else is not taken for one.
 */

import type { Data } from "../config/write-yaml.ts";

const begin = "\ue000";
const end = "\ue001";

/** `NAME`, or `NAME:-text`. */
export function reference(inner: string): string {
  return `${begin}${inner.replace(/[}\ue000\ue001]/g, "")}${end}`;
}

export function hasReference(text: string): boolean {
  return text.includes(begin);
}

/** The text, or what holds texts, with the marks as gonit's `${…}`. What is marked already must be escaped otherwise. */
export function withReferences<Kind extends Data>(data: Kind): Kind {
  if (typeof data === "string") return data.replace(/\ue000([^\ue001]*)\ue001/g, (_, inner) => `\${${inner}}`) as Kind;
  if (Array.isArray(data)) return data.map(withReferences) as Data as Kind;
  return data;
}
