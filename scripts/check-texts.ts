/* What may not stand in a file of the project, files that grew too long, and names of files that must exist. */

const WORDS: [RegExp, string][] = [
  [/(?<![\w.~-])\/work\/|(?<![\w.~-])\/tmp\/lab\b/, "a path of one machine: use a path from the project's folder"],
  [/"resolved": *"http/, "a registry's host: run `npm install`, which leaves it out (see .npmrc)"],
  [
    /:\/\/(deb|registry|security|snapshot|mirror|ftp)[a-z0-9.-]*[/:]/,
    "a registry's host: take it from the machine's own configuration",
  ],
  [/\b(TODO|FIXME)\b/, "unfinished work: finish it, or file an issue"],
  [/^(<{7}|>{7}|={7})( |$)/, "a mark of a merge: resolve it"],
];

/** This file holds the patterns, its test the examples of what is refused. */
function isExempt(file: string): boolean {
  return /^scripts\/check-texts\b/.test(file);
}

export function checkWords(file: string, text: string): string[] {
  if (isExempt(file)) return [];
  const complaints: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    for (const [pattern, fix] of WORDS) {
      const found = pattern.exec(line);
      if (found !== null) complaints.push(`${file}:${index + 1}: "${found[0].trim()}" is ${fix}`);
    }
  }
  return complaints;
}

const LINES_MAX = 400;
/** Files that may be longer, each with its reason. A name that needs no exception any more is a complaint. */
const LONG_FILES: { [file: string]: string } = {
  "src/contract.ts": "generated from contract/contract.ts",
};

function lineCount(text: string): number {
  return text.split("\n").length - 1;
}

export function checkLength(file: string, text: string, exceptions = LONG_FILES): string[] {
  const lines = lineCount(text);
  if (file in exceptions && lines <= LINES_MAX) {
    return [`scripts/check-texts.ts names ${file}, which is no longer too long: take it off the list`];
  }
  if (!/^(src|host)\//.test(file) || lines <= LINES_MAX || file in exceptions) return [];
  return [`${file} has ${lines} lines, more than ${LINES_MAX}: split it by concern`];
}

export function checkExceptions(files: ReadonlySet<string>, exceptions = LONG_FILES): string[] {
  const gone = Object.keys(exceptions).filter((file) => !files.has(file));
  return gone.map((file) => `scripts/check-texts.ts names ${file}, which is gone: take it off the list`);
}

const FOLDERS = "bench|contract|docs|examples|host|scripts|sim|src|tests|tools|web";
/** A path of the project; with a folder that is made by a build it is none of ours. */
const PATH = new RegExp(
  `(?<![\\w./-])(?:${FOLDERS})/[\\w/.-]*[\\w-]\\.(?:c|h|ts|tsx|mjs|md|yml|json|txt)(?![\\w/*])`,
  "g",
);

/** The comments of a C or TypeScript text, all else blanked. */
function commentsOf(text: string): string {
  const parts = text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g);
  return (parts ?? []).join("\n");
}

/** Files that documents and comments name must be there; so must the targets of a document's links. */
export function checkNames(file: string, text: string, exists: (path: string) => boolean): string[] {
  const document = file.endsWith(".md");
  if (isExempt(file) || (!document && !/\.(ts|c|h|mjs)$/.test(file))) return [];
  const named = new Set((document ? text : commentsOf(text)).match(PATH) ?? []);
  const isPattern = (path: string): boolean => !path.endsWith(".md") && /[-/][A-Z]{2,}[-/.]/.test(path);
  const complaints = [...named]
    .filter((path) => !exists(path) && !isPattern(path))
    .map((path) => `${file} names ${path}, which does not exist`);
  // Of these texts a page is made that lies elsewhere; its links are looked at there.
  if (!document || file.startsWith("src/config/key-texts/")) return complaints;
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : "";
  for (const [, link = ""] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    if (!exists(normal(folder + link))) complaints.push(`${file} links to ${link}, which does not exist`);
  }
  return complaints;
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
