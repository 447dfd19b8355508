/** The examples of a documentation page, which tests run. */
import { readFileSync } from "node:fs";

/** Fenced blocks by the word behind their language: "```yaml before" is `before`. */
export function blocksOf(page: string): (name: string) => string {
  const text = readFileSync(page, "utf8");
  const found = new Map<string, string>();
  for (const [, name = "", block = ""] of text.matchAll(/^```\w+ (\w+)\n([\s\S]*?)^```$/gm)) found.set(name, block);
  return (name) => {
    const block = found.get(name);
    if (block === undefined) throw new Error(`${page} has no block ${name}`);
    return block;
  };
}
