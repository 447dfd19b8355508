/**
 * libyaml's events to a tree: anchors, aliases and `<<` merges, duplicate keys, and the bounds that keep hostile texts
 * cheap. Every node that an alias repeats is counted again, so a few lines that expand to a billion are an error.
 */

import type { YamlEvents } from "../contract.ts";
import type { YamlSource } from "./files.ts";
import type { Document, ListNode, MapNode, Place, ScalarNode, YamlNode } from "./node.ts";
import { placeOf } from "./node.ts";
import { type Problems, quoted } from "./problems.ts";
import { readScalar } from "./scalar.ts";
import { yamlError } from "./yaml-error.ts";
import { checkEvents, checkText } from "./yaml-strict.ts";

const eventsMax = 500_000;
const depthMax = 64;
/** What the text would be with all aliases written out. */
const nodesMax = 250_000;

/* Kinds and styles of yaml.h. */
const DOCUMENT_START = 3;
const ALIAS = 5;
const SCALAR = 6;
const SEQUENCE_START = 7;
const SEQUENCE_END = 8;
const MAPPING_END = 10;
const PLAIN = 1;
const FIELDS = 9;

export interface Text {
  path: string;
  shown: string;
  rootPath: string;
  bytes: Uint8Array;
  text: string;
}

/** The document, its root null when the text is empty; null when problems were found that leave nothing to look at. */
export function parseYaml(source: Text, yaml: YamlSource, problems: Problems): Document | null {
  const { path, shown, rootPath, text } = source;
  const document: Document = {
    path,
    shown,
    rootPath,
    text,
    seen: null,
    events: new Int32Array(0),
    root: null,
  };
  if (!checkText(document, problems)) return null;
  const { result, forgiven } = eventsOf(source.bytes, yaml);
  document.events = result.events;
  if (result.error !== null) {
    const error = yamlError(document, result.error);
    problems.atPlace(error.place, error.code, error.message, { fix: error.fix });
    return null;
  }
  if (result.truncated) {
    const [, line = 0, column = 0] = result.events.subarray(result.events.length - FIELDS);
    const place = { document, line, column, endColumn: column };
    problems.atPlace(place, "too-large", `cannot read the text: it has more than ${nodesMax} values`);
    return null;
  }
  if (!checkEvents(document, result, forgiven, problems)) return null;
  try {
    const composer = new Composer(document, result, problems);
    document.root = composer.compose();
    return document;
  } catch (error) {
    if (error instanceof Unusable) return null;
    throw error;
  }
}

const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;
const HASH = 35;
const CARRIAGE_RETURN = 13;
/** Lines of tabs that are forgiven; each costs another look at the whole text. */
const blankLinesMax = 20;

/**
 * The events, and the lines that are read with a change. libyaml refuses a tab at the begin of a line that holds
 * nothing, or nothing but a remark, which YAML allows and editors leave behind: there the tab is read as a blank. A last
 * line that is not ended is read as one that is.
 */
function eventsOf(source: Uint8Array, yaml: YamlSource): { result: YamlEvents; forgiven: number[] } {
  let bytes = source;
  if (source.length > 0 && source[source.length - 1] !== NEWLINE) {
    bytes = new Uint8Array(source.length + 1);
    bytes.set(source);
    bytes[source.length] = NEWLINE;
  }
  const forgiven: number[] = [];
  let result = yaml.events(bytes, eventsMax);
  while (forgiven.length < blankLinesMax && result.error !== null) {
    const line = blankLine(bytes, result.error.line);
    if (line === null) break;
    if (forgiven.length === 0 && bytes === source) bytes = source.slice();
    bytes.fill(SPACE, line.start, line.end);
    forgiven.push(result.error.line);
    result = yaml.events(bytes, eventsMax);
  }
  return { result, forgiven };
}

/** The blanks of a line that has a tab among them and nothing else than a remark. */
function blankLine(bytes: Uint8Array, line: number): { start: number; end: number } | null {
  let start = 0;
  for (let count = 0; count < line; count++) {
    start = bytes.indexOf(NEWLINE, start) + 1;
    if (start === 0) return null;
  }
  let end = start;
  while (bytes[end] === SPACE || bytes[end] === TAB) end++;
  const next = bytes[end];
  const isBlank = next === undefined || next === NEWLINE || next === CARRIAGE_RETURN || next === HASH;
  return isBlank && bytes.subarray(start, end).includes(TAB) ? { start, end } : null;
}

/** Thrown behind a problem that leaves no tree to go on with. */
class Unusable extends Error {}

class Composer {
  private readonly document: Document;
  private readonly events: Int32Array;
  private readonly texts: string[];
  private readonly problems: Problems;
  /** null while the anchor's own node is being read. */
  private readonly anchors = new Map<string, YamlNode | null>();
  private at = 0;
  private depth = 0;

  constructor(document: Document, { events, texts }: YamlEvents, problems: Problems) {
    this.document = document;
    this.events = events;
    this.texts = texts;
    this.problems = problems;
  }

  compose(): YamlNode | null {
    const { events } = this;
    let root: YamlNode | null = null;
    let documents = 0;
    while (this.at < events.length) {
      if (events[this.at] !== DOCUMENT_START) {
        this.at += FIELDS;
        continue;
      }
      documents++;
      if (documents > 1) this.refuseSecond();
      this.at += FIELDS;
      root = this.node();
    }
    // `--- ` and nothing behind it is an empty document too.
    return root?.kind === "scalar" && root.plain && root.text === "" ? null : root;
  }

  private refuseSecond(): never {
    const fix = "one file holds one document: remove the line ---, or put what follows into a file under config.d";
    this.problems.atPlace(this.place(this.at), "second-document", "cannot read the text: a second document begins", {
      fix,
    });
    throw new Unusable();
  }

  private node(): YamlNode {
    const at = this.at;
    const { events } = this;
    const kind = events[at];
    this.at += FIELDS;
    if (kind === ALIAS) return this.alias(at);
    const anchor = events[at + 7] as number;
    const name = anchor < 0 ? null : (this.texts[anchor] as string);
    if (name !== null) this.anchors.set(name, null);
    const tag = events[at + 8] as number;
    const node = kind === SCALAR ? this.scalar(at) : this.collection(at, kind === SEQUENCE_START);
    if (tag >= 0) this.applyTag(node, this.texts[tag] as string);
    // An anchor of the same name within the node came later: it is what aliases mean from there on.
    if (name !== null && this.anchors.get(name) === null) this.anchors.set(name, node);
    return node;
  }

  private scalar(at: number): ScalarNode {
    const text = this.texts[this.events[at + 6] as number] as string;
    return { kind: "scalar", document: this.document, at, text, plain: this.events[at + 5] === PLAIN };
  }

  private collection(at: number, isList: boolean): YamlNode {
    if (++this.depth > depthMax) {
      this.problems.atPlace(
        this.place(at),
        "too-deep",
        `cannot read the text: it is nested deeper than ${depthMax} levels`,
      );
      throw new Unusable();
    }
    const node = isList ? this.list(at) : this.map(at);
    this.depth--;
    if (node.size > nodesMax) {
      this.problems.atPlace(
        this.place(at),
        "too-large",
        `cannot read the text: it has more than ${nodesMax} values, those that aliases repeat counted too`,
      );
      throw new Unusable();
    }
    return node;
  }

  private list(at: number): ListNode {
    const items: YamlNode[] = [];
    let size = 1;
    while (this.events[this.at] !== SEQUENCE_END) {
      const item = this.node();
      size += item.kind === "scalar" ? 1 : item.size;
      items.push(item);
    }
    this.at += FIELDS;
    return { kind: "list", document: this.document, at, items, size };
  }

  private map(at: number): MapNode {
    const node: MapNode = { kind: "map", document: this.document, at, keys: [], values: [], size: 1 };
    let merge: { key: ScalarNode; value: YamlNode } | null = null;
    const known = new KeySet(node.keys);
    while (this.events[this.at] !== MAPPING_END) {
      const key = this.key();
      const value = this.node();
      if (key === null) continue;
      node.size += 1 + (value.kind === "scalar" ? 1 : value.size);
      const isMerge = key.plain && key.text === "<<";
      const first = isMerge ? merge?.key : known.find(key.text);
      if (first !== undefined) {
        this.refuseDuplicate(first, key, isMerge ? "write one with a list: <<: [*ONE, *TWO]" : "keep one of the two");
      } else if (isMerge) merge = { key, value };
      else {
        node.keys.push(key);
        node.values.push(value);
      }
    }
    this.at += FIELDS;
    if (merge !== null) this.merge(node, merge.value, known);
    return node;
  }

  /** null: it is none, and refused. */
  private key(): ScalarNode | null {
    const key = this.node();
    if (key.kind === "scalar" && (key.text !== "" || this.events[key.at + 5] !== PLAIN)) return key;
    const what = key.kind === "scalar" ? "nothing" : key.kind === "list" ? "a list" : "a map";
    this.problems.at(key, "key", `cannot use ${what} as a key`, { fix: "write a text before the colon" });
    return null;
  }

  private refuseDuplicate(first: ScalarNode, second: ScalarNode, fix: string): void {
    const where = `${this.document.shown}:${placeOf(first).line + 1}`;
    // The second one is left out of the tree, so the path is that of the first.
    this.problems.at(
      first,
      "duplicate-key",
      `cannot use the key ${quoted(second.text)} twice: it stands at ${where} already`,
      {
        place: placeOf(second),
        fix,
        related: [{ text: "first", place: placeOf(first) }],
      },
    );
  }

  /** `<<: *defaults` and `<<: [*one, *two]`: keys that are not there yet, the first of several winning. */
  private merge(into: MapNode, from: YamlNode, known: KeySet): void {
    const maps = from.kind === "list" ? from.items : [from];
    for (const map of maps) {
      if (map.kind !== "map") {
        this.problems.at(map, "merge", "cannot merge this: << takes a map, or a list of maps", {
          fix: "write <<: *NAME, with the anchor &NAME at a map",
        });
        continue;
      }
      map.keys.forEach((key, index) => {
        if (known.find(key.text) !== undefined) return;
        into.keys.push(key);
        into.values.push(map.values[index] as YamlNode);
      });
    }
  }

  private alias(at: number): YamlNode {
    const name = this.texts[this.events[at + 7] as number] as string;
    const node = this.anchors.get(name);
    if (node !== undefined && node !== null) return node;
    const message =
      node === null
        ? `cannot use *${name} here: it would hold itself`
        : `cannot use *${name}: there is no anchor &${name} before it`;
    this.problems.atPlace(this.place(at), "alias", message, {
      fix: node === null ? "" : "put a text that begins with * in quotes",
    });
    throw new Unusable();
  }

  private applyTag(node: YamlNode, tag: string): void {
    const name = tag.startsWith("tag:yaml.org,2002:") ? tag.slice(18) : "";
    if (node.kind === "scalar" && (name === "str" || tag === "!")) node.plain = false;
    else if (node.kind === "scalar" && kindOf(node.text) === name) node.plain = true;
    else if (!((node.kind === "map" && name === "map") || (node.kind === "list" && name === "seq"))) {
      const written = name === "" ? tag : `!!${name}`;
      this.problems.at(node, "tag", `cannot use the tag ${quoted(written)} here`, {
        fix: "remove it, or put a text that begins with ! in quotes",
      });
    }
  }

  private place(at: number): Place {
    const { events, document } = this;
    const [line = 0, column = 0, endLine = 0, endColumn = 0] = events.subarray(at + 1, at + 5);
    return { document, line, column, endColumn: endLine === line ? endColumn : column };
  }
}

/** The tag that a plain scalar of this text has by itself. */
function kindOf(text: string): string {
  const value = readScalar(text);
  if (typeof value !== "number") return value === null ? "null" : typeof value === "boolean" ? "bool" : "str";
  return /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text) ? "int" : "float";
}

/** Few keys are compared one by one, which is cheaper than a set. */
const fewKeys = 16;

/** The keys of one map while it is read. */
class KeySet {
  private readonly keys: ScalarNode[];
  private many: Map<string, ScalarNode> | null = null;

  constructor(keys: ScalarNode[]) {
    this.keys = keys;
  }

  /** The key of the map that has this text. Between two questions the map only grows, by keys that are new. */
  find(text: string): ScalarNode | undefined {
    const { keys } = this;
    if (keys.length <= fewKeys) {
      for (let index = 0; index < keys.length; index++)
        if ((keys[index] as ScalarNode).text === text) return keys[index];
      return undefined;
    }
    this.many ??= new Map();
    for (let index = this.many.size; index < keys.length; index++) {
      const key = keys[index] as ScalarNode;
      this.many.set(key.text, key);
    }
    return this.many.get(text);
  }
}
