/**
 * Layers over each other: later ones win key by key; maps whose keys stand for themselves are merged within, all else is
 * replaced as a whole; null deletes what an earlier layer or `defaults` set, and is an error where there is nothing.
 */

import { childOf, keyOf, type MapNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { nullFix } from "./schema-kit.ts";

export type Values = Record<string, unknown>;

/** Keys of a service, and of the whole, that are merged within. */
const mergedWithin = new Set([
  "environment",
  "labels",
  "sysctl",
  "restart",
  "timeout",
  "stop",
  "logs",
  "limits",
  "shutdown",
  "image",
  "networking",
]);

/** Puts a layer over what is there. At `stdin` null is a value: nothing to read. `node` is the map that the layer was read from. */
export function mergeOver(target: Values, layer: Values, node: MapNode, problems: Problems): void {
  for (const key in layer) {
    const value = layer[key];
    if (value === null && key === "stdin") target[key] = { kind: "null" };
    else if (value === null) deleteKey(target, key, node, problems);
    else if (mergedWithin.has(key)) target[key] = mergeWithin(target[key], value as Values, key, node, problems);
    else target[key] = value;
  }
}

function mergeWithin(known: unknown, layer: Values, key: string, node: MapNode, problems: Problems): Values {
  const merged = copyOf(known as Values | undefined);
  const inner = childOf(node, key);
  // A short form (`stop: SIGINT`) is no map, and holds no null.
  if (inner?.kind === "map") mergeMap(merged, layer, inner, problems);
  else for (const name in layer) merged[name] = layer[name];
  return merged;
}

/** The same for one map of free names. */
export function mergeMap(target: Values, layer: Values, node: MapNode, problems: Problems): void {
  for (const name in layer) {
    const value = layer[name];
    if (value === null) deleteKey(target, name, node, problems);
    else target[name] = value;
  }
}

function copyOf(values: Values | undefined): Values {
  const copy: Values = Object.create(null);
  for (const name in values) copy[name] = values[name];
  return copy;
}

function deleteKey(target: Values, key: string, node: MapNode, problems: Problems): void {
  if (target[key] !== undefined) {
    delete target[key];
    return;
  }
  const value = childOf(node, key) ?? keyOf(node, key);
  if (value === null) return;
  const written = value.kind === "scalar" && value.text !== "" ? value.text : "an empty value";
  problems.at(
    value,
    "null",
    `cannot use ${written} here: it is null, and there is nothing from an earlier file or defaults that it could delete`,
    { fix: nullFix },
  );
}
