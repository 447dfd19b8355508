/**
 * A configuration text as a tree, as it was written: scalars keep their source text, because only the key that a value
 * stands at tells whether `1.10` is a number. Aliases share the node of their anchor, so a tree is really a graph
 * without circles; `size` counts what it would be if every alias were written out.
 */

export interface Document {
  /** Absolute path of the file. */
  path: string;
  /** The path as messages show it. */
  shown: string;
  text: string;
  /** The line that was looked at last: the next one is mostly behind it. */
  seen: { line: number; start: number } | null;
  /** libyaml's events, 9 numbers each (YamlEvents of the contract). */
  events: Int32Array;
  root: YamlNode | null;
  /** Where the root stands in the whole: services.NAME for a service's own file, else empty. */
  rootPath: string;
}

export type YamlNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  kind: "scalar";
  document: Document;
  /** Index of its event in the document's events. */
  at: number;
  text: string;
  /** Written without quotes, so it may be something else than text. */
  plain: boolean;
}

export interface ListNode {
  kind: "list";
  document: Document;
  at: number;
  items: YamlNode[];
  size: number;
}

export interface MapNode {
  kind: "map";
  document: Document;
  at: number;
  /** In the order of the text; keys are always text. */
  keys: ScalarNode[];
  values: YamlNode[];
  size: number;
}

/** A range on one line; numbers count from 0, columns in characters. */
export interface Place {
  document: Document;
  line: number;
  column: number;
  /** Exclusive; equal to `column` where only a point is known. */
  endColumn: number;
}

/** A line of the source without its end; an empty text behind the last one. */
export function lineText(document: Document, line: number): string {
  const { text, seen } = document;
  let at = seen !== null && seen.line <= line ? seen.line : 0;
  let start = seen !== null && seen.line <= line ? seen.start : 0;
  while (at < line) {
    start = text.indexOf("\n", start) + 1;
    if (start === 0) return "";
    at++;
  }
  document.seen = { line, start };
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
}

/** Columns count characters, texts are indexed by UTF-16 units. */
export function indexOfColumn(line: string, column: number): number {
  let index = 0;
  for (let count = 0; count < column && index < line.length; count++) {
    const unit = line.charCodeAt(index);
    index += unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
  }
  return index;
}

export function placeOf(node: YamlNode): Place {
  const { events } = node.document;
  const [line = 0, column = 0, endLine = 0, endColumn = 0] = events.subarray(node.at + 1, node.at + 5);
  return { document: node.document, line, column, endColumn: endLine === line ? endColumn : column };
}

/** FILE:LINE of a node, for messages. */
export function lineOf(node: YamlNode): string {
  return `${node.document.shown}:${(node.document.events[node.at + 1] ?? 0) + 1}`;
}

export function childOf(map: MapNode, key: string): YamlNode | null {
  for (let index = 0; index < map.keys.length; index++) {
    if (map.keys[index]?.text === key) return map.values[index] ?? null;
  }
  return null;
}

export function keyOf(map: MapNode, key: string): ScalarNode | null {
  return map.keys.find(({ text }) => text === key) ?? null;
}

export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** An absolute path, seen from a folder, without `.`, `..` and doubled slashes. */
export function resolvePath(folder: string, path: string): string {
  const full = path.startsWith("/") ? path : `${folder}/${path}`;
  if (!/\/(?:\.{0,2})(?:\/|$)/.test(full)) return full;
  const parts: string[] = [];
  for (const part of full.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
