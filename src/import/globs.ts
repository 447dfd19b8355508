/** glob(3) patterns of other managers' includes. */

import type { Sources } from "./sources.ts";

const matchesMax = 1000;

/** Paths that match, in the order of their names; a pattern without * ? [ is the path itself when it is a file. */
export function filesMatching(pattern: string, sources: Sources): string[] {
  let paths = [""];
  for (const part of pattern.split("/").filter((name) => name !== "")) {
    if (!/[*?[]/.test(part)) {
      paths = paths.map((path) => `${path}/${part}`);
      continue;
    }
    const matches = globPart(part);
    paths = paths.flatMap((path) => {
      const names = sources.isFolder(path === "" ? "/" : path) ? sources.list(path === "" ? "/" : path) : [];
      return names.filter(matches).map((name) => `${path}/${name}`);
    });
    paths = paths.slice(0, matchesMax);
  }
  return paths.filter((path) => sources.isFile(path));
}

function globPart(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return part.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  const expression = new RegExp(`^${source}$`);
  return (name) => (pattern.startsWith(".") || !name.startsWith(".")) && expression.test(name);
}
