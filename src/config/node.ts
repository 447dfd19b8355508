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
  /** The text split at libyaml's line breaks, once a message needs it. */
  lines: string[] | null;
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

/** A line of the source; an empty text behind the end. */
export function lineText(document: Document, line: number): string {
  document.lines ??= splitLines(document.text);
  return document.lines[line]?.replace(/\r$/, "") ?? "";
}

/** libyaml follows YAML 1.1 here: NEL, LS and PS end a line too. */
function splitLines(text: string): string[] {
  return /\r(?!\n)|[\u0085\u2028\u2029]/.test(text) ? text.split(/\r\n|[\n\r\u0085\u2028\u2029]/) : text.split("\n");
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
