/**
 * What is wrong with a configuration: collected, never the first only, and shown with the place in the text.
 *
 *     config.yml:7:14: services.web.restart: cannot use "allways" as a restart policy: it is none of no, on-failure, always
 *       7 |     restart: allways
 *         |              ^~~~~~~
 *       fix: did you mean always?
 */

import { indexOfColumn, lineText, type MapNode, type Place, placeOf, type YamlNode } from "./node.ts";

export interface Problem {
  /** A stable word for programs. */
  code: string;
  /** services.web.restart; empty where it is about the whole file. */
  path: string;
  place: Place | null;
  /** For problems of a file that has no text: its path as it is shown. */
  file: string;
  message: string;
  fix: string;
  /** Other places that belong to it. */
  related: { text: string; place: Place }[];
}

type Details = Partial<Pick<Problem, "fix" | "related" | "place">>;

/** More are counted, not shown: a broken generator makes thousands of the same. */
const shownMax = 50;

export class Problems {
  readonly list: Problem[] = [];
  count = 0;
  private readonly nodes: (YamlNode | null)[] = [];

  /** At a node of a document, or at `place` in what the node is about. Its path is found out later, when it is shown. */
  at(node: YamlNode, code: string, message: string, details: Details = {}): void {
    this.add(node, { ...plain(code, message), place: placeOf(node), file: node.document.shown, ...details });
  }

  atPlace(place: Place, code: string, message: string, details: Details = {}): void {
    this.add(null, { ...plain(code, message), place, file: place.document.shown, ...details });
  }

  atFile(file: string, code: string, message: string, details: Details = {}): void {
    this.add(null, { ...plain(code, message), file, ...details });
  }

  private add(node: YamlNode | null, problem: Problem): void {
    this.count++;
    if (this.list.length >= shownMax) return;
    this.list.push(problem);
    this.nodes.push(node);
  }

  /** The problems as texts, in the order of files and lines. */
  texts(): string[] {
    this.findPaths();
    const files = [...new Set(this.list.map(({ file }) => file))];
    const sorted = this.list.slice().sort((a, b) => {
      const byFile = files.indexOf(a.file) - files.indexOf(b.file);
      return byFile !== 0 ? byFile : lineOf(a) - lineOf(b);
    });
    const texts = sorted.map(formatProblem);
    if (this.count > texts.length) texts.push(`and ${this.count - texts.length} more problems`);
    return texts;
  }

  private findPaths(): void {
    const wanted = new Map<YamlNode, Problem[]>();
    this.nodes.forEach((node, index) => {
      const problem = this.list[index] as Problem;
      if (node === null || problem.path !== "") return;
      const others = wanted.get(node);
      if (others === undefined) wanted.set(node, [problem]);
      else others.push(problem);
    });
    const seen = new Set<YamlNode>();
    for (const document of new Set([...wanted.keys()].map(({ document }) => document))) {
      if (document.root !== null) walk(document.root, document.rootPath, wanted, seen);
    }
  }
}

function plain(code: string, message: string): Problem {
  return { code, path: "", place: null, file: "", message, fix: "", related: [] };
}

function lineOf({ place }: Problem): number {
  return place === null ? -1 : place.line * 100_000 + Math.min(place.column, 99_999);
}

/** Gives the problems of a node and of what is below it their path. */
function walk(node: YamlNode, path: string, wanted: Map<YamlNode, Problem[]>, seen: Set<YamlNode>): void {
  for (const problem of wanted.get(node) ?? []) problem.path = path;
  if (node.kind === "scalar" || seen.has(node)) return;
  seen.add(node);
  if (node.kind === "list") {
    for (const [index, item] of node.items.entries())
      walk(item, join(path, nameOf(item) ?? String(index)), wanted, seen);
    return;
  }
  node.values.forEach((value, index) => {
    const key = node.keys[index] as YamlNode & { text: string };
    const inner = join(path, key.text);
    for (const problem of wanted.get(key) ?? []) problem.path = inner;
    walk(value, inner, wanted, seen);
  });
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Services are known by their name, not by their number. */
function nameOf(item: YamlNode): string | null {
  if (item.kind !== "map") return null;
  const index = item.keys.findIndex(({ text }) => text === "name");
  const name = index < 0 ? undefined : (item as MapNode).values[index];
  return name?.kind === "scalar" && /^[A-Za-z0-9_.-]+$/.test(name.text) ? name.text : null;
}

export function formatProblem(problem: Problem): string {
  const { place, message, path, fix, related } = problem;
  const where = place === null ? problem.file : shownPlace(place);
  const lines = [[where, path, message].filter((part) => part !== "").join(": ")];
  if (place !== null) lines.push(...excerpt(place));
  for (const other of related) lines.push(`  ${other.text} (${shownPlace(other.place)})`);
  if (fix !== "") lines.push(`  fix: ${fix}`);
  return lines.join("\n");
}

function shownPlace({ document, line, column }: Place): string {
  return `${document.shown}:${line + 1}:${column + 1}`;
}

const excerptColumns = 160;
const excerptBefore = 40;

/** The source line and a caret below the place; of a very long line only what surrounds the place. */
function excerpt(place: Place): string[] {
  const line = lineText(place.document, place.line);
  const from = place.column > excerptColumns - excerptBefore ? place.column - excerptBefore : 0;
  const start = indexOfColumn(line, from);
  // An emoji is two units, so twice the columns is always enough.
  const shown = [...line.slice(start, start + 2 * excerptColumns)].slice(0, excerptColumns).map(printable);
  const before = shown.slice(0, place.column - from);
  const length = Math.max(1, Math.min(place.endColumn, from + shown.length) - place.column);
  const number = String(place.line + 1);
  const pad = before.map((character) => (character === "\t" ? "\t" : " ")).join("");
  const cut = start + shown.join("").length < line.length ? "…" : "";
  return [
    `  ${number} | ${from > 0 ? "…" : ""}${shown.join("")}${cut}`,
    `  ${" ".repeat(number.length)} | ${from > 0 ? " " : ""}${pad}^${"~".repeat(length - 1)}`,
  ];
}

/** Control characters would move the cursor of the terminal that shows the message. */
function printable(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return (code < 32 && character !== "\t") || (code >= 127 && code < 160) ? "\ufffd" : character;
}

/** A value as messages quote it: short, on one line. */
export function quoted(text: string): string {
  const line = [...text].map(printable).join("");
  return `"${line.length > 60 ? `${line.slice(0, 59)}…` : line}"`;
}
