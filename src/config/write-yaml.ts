/** Data to YAML text that reads back as the same, here and in other readers of YAML 1.1 and 1.2. */

import { needsQuotes } from "./scalar.ts";

/** Text that is written as it is: numbers, durations, octal modes. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Data = string | boolean | Raw | Data[] | { [key: string]: Data };

const flowWidth = 90;

export function writeYaml(data: { [key: string]: Data }): string {
  const lines: string[] = [];
  writeMap(data, "", lines);
  return `${lines.join("\n")}\n`;
}

function writeMap(map: { [key: string]: Data }, indent: string, lines: string[]): void {
  for (const key of Object.keys(map)) writeEntry(`${indent}${writeText(key)}:`, map[key] as Data, indent, lines);
}

function writeEntry(head: string, value: Data, indent: string, lines: string[]): void {
  const flow = writeFlow(value);
  const isCollection = Array.isArray(value) || isMap(value);
  if (flow !== null && (!isCollection || flow.length + head.length < flowWidth)) lines.push(`${head} ${flow}`);
  else if (Array.isArray(value)) {
    lines.push(head);
    for (const item of value) writeItem(item, `${indent}  `, lines);
  } else {
    lines.push(head);
    writeMap(value as { [key: string]: Data }, `${indent}  `, lines);
  }
}

function writeItem(item: Data, indent: string, lines: string[]): void {
  const flow = isMap(item) && indent === "  " ? null : writeFlow(item);
  if (flow !== null) {
    lines.push(`${indent}- ${flow}`);
    return;
  }
  const inner: string[] = [];
  writeMap(item as { [key: string]: Data }, `${indent}  `, inner);
  inner[0] = `${indent}- ${(inner[0] ?? "{}").trimStart()}`;
  for (const line of inner) lines.push(line);
}

function isMap(value: Data): value is { [key: string]: Data } {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Raw);
}

/** On one line; null for maps that hold maps or lists of maps. */
function writeFlow(value: Data): string | null {
  if (typeof value === "string") return writeText(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => writeFlow(item)).join(", ")}]`;
  return `{${Object.keys(value)
    .map((key) => `${writeText(key)}: ${writeFlow(value[key] as Data)}`)
    .join(", ")}}`;
}

function writeText(text: string): string {
  if (!needsQuotes(text)) return text;
  // Quotes of a command are easier to read without backslashes before them.
  if (text.includes('"') && !text.includes("'") && /^[\x20-\x7e]*$/.test(text)) return `'${text}'`;
  // JSON leaves characters as they are that YAML takes for line ends or refuses.
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
