/**
 * The reference page of config.yml, and config.yml(5): what the definitions in src/config say of each key, and its long
 * text. Long texts stand in src/config/key-texts, which no program reads but this one, one file for keys that are told
 * together (`user+group.md`); keys come in the definitions' order.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keyTables } from "./generated-parts.ts";

const folder = "src/config/key-texts";

export interface KeyText {
  keys: string[];
  text: string;
}

/** Long texts of the keys of the file, or of a service, in no order. */
export function keyTexts(root: string, of: "file" | "service"): KeyText[] {
  const path = join(root, folder, of);
  return readdirSync(path).map((name) => ({
    keys: name.replace(/\.md$/, "").split("+"),
    text: readFileSync(join(path, name), "utf8").trim(),
  }));
}

/** Sections in the order of `keys`. An error where a key has no text, or two, or a text is of no key. */
export function keySections(keys: string[], texts: KeyText[]): string {
  const titled = texts.flatMap((text) => text.keys);
  const missing = keys.filter((key) => !titled.includes(key));
  if (missing.length > 0) throw new Error(`no file of ${folder} is about ${missing.join(", ")}`);
  const strange = titled.filter((key, at) => !keys.includes(key) || titled.indexOf(key) !== at);
  if (strange.length > 0) throw new Error(`files of ${folder} are about no key, or twice: ${strange.join(", ")}`);
  const first = ({ keys: [key = ""] }: KeyText) => keys.indexOf(key);
  return [...texts]
    .sort((one, other) => first(one) - first(other))
    .map((section) => `### ${section.keys.map((key) => `\`${key}\``).join(", ")}\n\n${section.text}`)
    .join("\n\n");
}

/** Keys that work, of the file or of a service, by the definitions. */
export function workingKeys(entries: Record<string, { type: string }>): string[] {
  return Object.keys(entries).filter((key) => entries[key]?.type !== "unknown");
}

export function configurationPage(
  root: string,
  { file, service }: Record<"file" | "service", Record<string, { type: string }>>,
): string {
  const page = readFileSync(join(root, folder, "page.md"), "utf8").trim();
  const parts = [
    page.replace("\nKEYS\n", () => `\n<!-- Written by npm run docs from src/config. -->\n\n${keyTables()}\n`),
    "## Keys of the file",
    keySections(workingKeys(file), keyTexts(root, "file")),
    "## Keys of a service",
    keySections(workingKeys(service), keyTexts(root, "service")),
  ];
  return `${parts.join("\n\n")}\n`;
}
