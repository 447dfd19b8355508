/** Looking into YAML that another manager defines: texts, lists and maps in the forms that people write. */

import { type MapNode, placeOf, type ScalarNode, type YamlNode } from "../config/node.ts";
import { isNullText, readBoolean } from "../config/scalar.ts";
import type { At } from "./draft.ts";
import type { Entry } from "./rules.ts";

export function atNode(node: YamlNode, key: string): At {
  return { file: node.document.shown, line: placeOf(node).line + 1, key };
}

/** The keys of a map with their places, named from the root; those that begin with x- are nobody's. */
export function entriesOf(node: YamlNode | null, path: string): Entry<YamlNode>[] {
  if (node?.kind !== "map") return [];
  return node.keys
    .map((key, index) => ({ key, value: node.values[index] as YamlNode }))
    .filter(({ key }) => !key.text.startsWith("x-"))
    .map(({ key, value }) => ({
      at: atNode(key, path === "" ? key.text : `${path}.${key.text}`),
      key: key.text,
      value,
    }));
}

export function valueAt(node: YamlNode | null, key: string): YamlNode | null {
  if (node?.kind !== "map") return null;
  const index = node.keys.findIndex(({ text }) => text === key);
  return index < 0 ? null : (node.values[index] as YamlNode);
}

export function isNull(node: YamlNode | null): boolean {
  return node === null || (node.kind === "scalar" && node.plain && isNullText(node.text));
}

/** The source text of a scalar; null for anything else, and for YAML's null. */
export function textOf(node: YamlNode | null): string | null {
  return node?.kind === "scalar" && !isNull(node) ? node.text : null;
}

export function isTrue(node: YamlNode | null): boolean {
  const text = textOf(node);
  return text !== null && (readBoolean(text) ?? /^(?:yes|on|y)$/i.test(text));
}

/** A list of texts, or a single one. */
export function textsOf(node: YamlNode | null): string[] {
  const nodes = node?.kind === "list" ? node.items : node === null ? [] : [node];
  return nodes.map(textOf).filter((text) => text !== null);
}

export interface Pair {
  name: string;
  /** null: it has no value. */
  value: string | null;
  at: At;
}

/** NAME: VALUE, or a list of NAME=VALUE. */
export function pairsOf(node: YamlNode | null, path: string): Pair[] {
  if (node?.kind === "map") {
    return entriesOf(node, path).map(({ at, key, value }) => ({ name: key, value: textOf(value), at }));
  }
  if (node?.kind !== "list") return [];
  return node.items
    .filter((item): item is ScalarNode => item.kind === "scalar")
    .map((item) => {
      const equals = item.text.indexOf("=");
      const name = equals < 0 ? item.text : item.text.slice(0, equals);
      return { name, value: equals < 0 ? null : item.text.slice(equals + 1), at: atNode(item, `${path}.${name}`) };
    });
}

/** Later maps win; maps within are merged, lists are put one behind the other where `appends` names their key. */
export function mergedMaps(first: MapNode, second: MapNode, appends: ReadonlySet<string>): MapNode {
  const made: MapNode = { ...first, keys: [...first.keys], values: [...first.values] };
  second.keys.forEach((key, index) => {
    const value = second.values[index] as YamlNode;
    const at = made.keys.findIndex(({ text }) => text === key.text);
    const before = made.values[at];
    if (at < 0) {
      made.keys.push(key);
      made.values.push(value);
    } else if (before?.kind === "map" && value.kind === "map") made.values[at] = mergedMaps(before, value, appends);
    else if (before?.kind === "list" && value.kind === "list" && appends.has(key.text))
      made.values[at] = { ...before, items: [...before.items, ...value.items] };
    else {
      made.keys[at] = key;
      made.values[at] = value;
    }
  });
  return made;
}
