/** Maps: with names that the user chooses, and with the keys of a definition. */

import { type InferOutput, string } from "valibot";
import type { MapNode, ScalarNode, YamlNode } from "./node.ts";
import { quoted } from "./problems.ts";
import type { Refusal } from "./refusal.ts";
import {
  addIssue,
  type Dataset,
  isNullNode,
  kindNames,
  makeSchema,
  type NodeConfig,
  type NodeSchema,
  newDataset,
  type Run,
  runInside,
  runOf,
} from "./schema-kit.ts";
import { didYouMean } from "./suggest.ts";

function countNull({ context }: NodeConfig): void {
  context.nulls = (context.nulls ?? 0) + 1;
}

/** A map from names that the user chooses to values of one kind. */
export function mapOf<T>(
  expects: string,
  value: NodeSchema<T>,
  options: { name: (name: string) => Refusal | null; listFix: string; deletable: boolean },
): NodeSchema<Record<string, T | null>> {
  const inner = runOf(value);
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    if (node.kind !== "map") {
      addIssue(
        dataset,
        "record",
        node,
        "type",
        `cannot use ${kindNames[node.kind]} as ${expects}`,
        node.kind === "list" ? options.listFix : "",
      );
      return;
    }
    // Without a prototype, since __proto__ is a name like any other.
    const values: Record<string, T | null> = Object.create(null);
    const inside = newDataset();
    dataset.typed = true;
    for (let index = 0; index < node.keys.length; index++) {
      const key = node.keys[index] as ScalarNode;
      const refusal = options.name(key.text);
      if (refusal !== null)
        addIssue(
          dataset,
          "record",
          key,
          "name",
          `cannot use the name ${quoted(key.text)}: ${refusal.why}`,
          refusal.fix,
        );
      const child = node.values[index] as YamlNode;
      if (options.deletable && isNullNode(child)) {
        values[key.text] = null;
        countNull(config);
        continue;
      }
      const value = runInside(inner, child, inside, config, dataset);
      if (value !== undefined) values[key.text] = value as T;
    }
    dataset.partial = true;
    dataset.value = values;
  };
  return makeSchema("record", expects, run, { key: string(), value });
}

type Entries = Record<string, NodeSchema<unknown>>;

/** Keys that were given, by name. D is null where null may stand for "delete what an earlier layer set". */
export type Keyed<E extends Entries, D = never> = { [K in keyof E]?: InferOutput<E[K]> | D };

export interface KeyedOptions {
  required?: string[];
  /** Names that people know from elsewhere, and ours. */
  synonyms?: Record<string, string>;
  fixes?: { scalar?: string; list?: string };
}

/** A map with the keys of a definition; `x-` keys are for the user's own use and are skipped. */
export function keyed<E extends Entries>(
  expects: string,
  entries: E,
  options: KeyedOptions = {},
): NodeSchema<Keyed<E>> {
  return makeKeyed<Keyed<E>>(expects, entries, options, false);
}

/** The same for maps that layers merge: null may stand at any key. */
export function layered<E extends Entries>(
  expects: string,
  entries: E,
  options: KeyedOptions = {},
): NodeSchema<Keyed<E, null>> {
  return makeKeyed<Keyed<E, null>>(expects, entries, options, true);
}

function makeKeyed<T>(expects: string, entries: Entries, options: KeyedOptions, deletable: boolean): NodeSchema<T> {
  const runs = new Map<string, Run>();
  for (const [name, schema] of Object.entries(entries)) runs.set(name, runOf(schema));
  const { required = [], synonyms = {}, fixes = {} } = options;
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    if (node.kind !== "map") {
      addIssue(
        dataset,
        "strict_object",
        node,
        "type",
        `cannot use ${kindNames[node.kind]} as ${expects}`,
        fixes[node.kind] ?? "",
      );
      return;
    }
    const values: Record<string, unknown> = {};
    const inside = newDataset();
    dataset.typed = true;
    const { keys, values: children } = node;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as ScalarNode;
      const name = key.text;
      const inner = runs.get(name);
      if (inner === undefined) {
        if (!name.startsWith("x-")) refuseKey(dataset, key, expects, runs, synonyms);
        continue;
      }
      if (inner === runUnsupported) {
        addIssue(
          dataset,
          "strict_object",
          key,
          "not-supported",
          `cannot use the key ${name}: it is not supported yet`,
          "leave it out",
        );
        continue;
      }
      const child = children[index] as YamlNode;
      if (deletable && isNullNode(child)) {
        values[name] = null;
        countNull(config);
        continue;
      }
      const value = runInside(inner, child, inside, config, dataset);
      if (value !== undefined) values[name] = value;
    }
    for (const name of required) if (!(name in values)) refuseMissing(dataset, node, name, expects);
    dataset.value = values;
  };
  return makeSchema("strict_object", expects, run, { entries, required });
}

function refuseKey(
  dataset: Dataset,
  key: ScalarNode,
  expects: string,
  known: Map<string, unknown>,
  synonyms: Record<string, string>,
): void {
  const other = Object.hasOwn(synonyms, key.text) ? synonyms[key.text] : undefined;
  const near = other === undefined ? didYouMean(key.text, known.keys()) : `write ${other}`;
  const fix = near === "" ? `known keys: ${[...known.keys()].join(" ")}; keys that begin with x- are free` : near;
  addIssue(
    dataset,
    "strict_object",
    key,
    "unknown-key",
    `cannot use the key ${quoted(key.text)}: ${expects} has no such key`,
    fix,
  );
}

function refuseMissing(dataset: Dataset, node: MapNode, name: string, expects: string): void {
  // A key whose value has problems is there.
  if (node.keys.some(({ text }) => text === name)) return;
  addIssue(dataset, "strict_object", node, "missing-key", `cannot use ${expects} without ${name}`, `add ${name}: …`);
}

const runUnsupported: Run = () => {};

/** A key that is known and not carried out yet; the map that holds it says so. */
export function notSupported(): NodeSchema<undefined> {
  return makeSchema("unknown", "nothing yet", runUnsupported, { json: { not: {}, description: "Not supported yet." } });
}
