/** The layers checked and merged: the keys of the whole, and every service with all that is said about it anywhere. */

import { enabledLayerFile } from "../engine/enabled-layer.ts";
import type { Variables } from "./expand.ts";
import { mergeOver, type Values } from "./merge.ts";
import { childOf, keyOf, lineOf, type MapNode, placeOf, type ScalarNode, type YamlNode } from "./node.ts";
import { type Problems, quoted } from "./problems.ts";
import type { Layer } from "./read-layers.ts";
import { type Context, isNullNode, kindNames, validateMap } from "./schema-kit.ts";
import { defaults, ownFileService, type ServiceValues, service } from "./service-keys.ts";
import { type SystemValues, system } from "./system-keys.ts";
import { serviceName } from "./values.ts";

/** Values without the nulls that merging has acted on. */
export type Merged<T> = { [K in keyof T]?: Exclude<T[K], null> };

export interface CollectedService {
  name: string;
  values: Merged<ServiceValues>;
  /** The maps that it was read from; the last one wins. */
  nodes: MapNode[];
  definedAt: string;
  /** Without problems of its own: what it lacks is really missing. */
  whole: boolean;
}

export interface Collected {
  system: Merged<SystemValues>;
  services: Map<string, CollectedService>;
}

/** Read before, when the variables were not known yet. */
const earlierKeys = new Set(["include", "environment", "env_file"]);

export function collect(layers: Layer[], variables: Variables, problems: Problems): Collected {
  const context = { variables };
  const systemValues: Values = {};
  const defaultValues: Values = {};
  const found: { node: YamlNode; own: string | null }[] = [];
  for (const layer of layers) {
    if (layer.service !== null) {
      found.push({ node: layer.root, own: layer.service });
      continue;
    }
    const { values } = validateMap(system, withoutKeys(layer.root), context, problems);
    mergeOver(systemValues, values, layer.root, problems);
    const given = childOf(layer.root, "defaults");
    if (given !== null && !isNullNode(given)) {
      const read = validateMap(defaults, given, context, problems).values;
      if (given.kind === "map") mergeOver(defaultValues, read, given, problems);
    }
    for (const node of serviceNodes(layer.root, problems)) found.push({ node, own: null });
  }
  const collector = new Collector(defaultValues, variables, problems);
  for (const { node, own } of found) collector.add(node, own);
  return { system: systemValues as Merged<SystemValues>, services: collector.services };
}

function withoutKeys(root: MapNode): MapNode {
  const keys: ScalarNode[] = [];
  const values: YamlNode[] = [];
  root.keys.forEach((key, index) => {
    if (earlierKeys.has(key.text) || key.text === "services" || key.text === "defaults") return;
    keys.push(key);
    values.push(root.values[index] as YamlNode);
  });
  return { ...root, keys, values };
}

/** The services of a file; each is checked on its own, so that one with a mistake is still known to the others. */
function serviceNodes(root: MapNode, problems: Problems): YamlNode[] {
  const node = childOf(root, "services");
  if (node === null || isNullNode(node)) return [];
  if (node.kind === "list") return node.items;
  const example = node.kind === "map" ? (node.keys[0]?.text ?? "web") : "web";
  problems.at(node, "type", `cannot use ${kindNames[node.kind]} as the list of services`, {
    fix: `begin each service with a dash and its name:\n    services:\n      - name: ${example}`,
  });
  return [];
}

class Collector {
  readonly services = new Map<string, CollectedService>();
  private readonly defaults: Values;
  private readonly hasDefaults: boolean;
  private readonly context: Context;
  private readonly problems: Problems;

  constructor(defaultValues: Values, variables: Variables, problems: Problems) {
    this.defaults = defaultValues;
    this.hasDefaults = Object.keys(defaultValues).length > 0;
    this.context = { variables };
    this.problems = problems;
  }

  add(node: YamlNode, own: string | null): void {
    const schema = own === null ? service : ownFileService;
    const { context } = this;
    context.nulls = 0;
    const { values, whole } = validateMap(schema, node, context, this.problems);
    if (node.kind !== "map") return;
    const name = values.name ?? own ?? writtenName(node);
    if (name === null) return;
    if (own !== null && name !== own) {
      const at = childOf(node, "name") ?? node;
      this.problems.at(at, "name", `cannot use the name ${quoted(name)} here: the file belongs to the service ${own}`, {
        fix: "leave the name out",
      });
      return;
    }
    const known = this.services.get(name);
    // What was once enabled or disabled and is in no other file any more.
    if (known === undefined && node.document.path.endsWith(`/${enabledLayerFile}`)) return;
    if (known === undefined) this.addFirst(name, values as Values, node, whole);
    else if (known.nodes.some(({ document }) => document === node.document)) this.refuseSecond(known, node);
    else this.addLayer(known, values as Values, node, whole);
  }

  private addFirst(name: string, values: Values, node: MapNode, whole: boolean): void {
    // The usual case, and a thousand times: nothing below it, and nothing to delete.
    const isAlone = !this.hasDefaults && this.context.nulls === 0;
    this.services.set(name, {
      name,
      values: (isAlone ? values : this.overDefaults(name, values, node)) as CollectedService["values"],
      nodes: [node],
      definedAt: lineOf(node),
      whole,
    });
  }

  private overDefaults(name: string, values: Values, node: MapNode): Values {
    const merged: Values = { ...this.defaults };
    // `defaults: {depends_on: [log]}` is not meant for log itself.
    for (const key of ["depends_on", "after", "before", "conflicts"]) {
      const others = merged[key] as { name: string }[] | undefined;
      if (others !== undefined) merged[key] = others.filter((other) => other.name !== name);
    }
    mergeOver(merged, values, node, this.problems);
    return merged;
  }

  private addLayer(known: CollectedService, values: Values, node: MapNode, whole: boolean): void {
    mergeOver(known.values as Values, values, node, this.problems);
    known.nodes.push(node);
    known.whole = known.whole && whole;
  }

  private refuseSecond(known: CollectedService, node: MapNode): void {
    const first = known.nodes.find(({ document }) => document === node.document) as MapNode;
    const at = childOf(node, "name") ?? node;
    this.problems.at(
      at,
      "duplicate-service",
      `cannot have two services ${known.name} in one file: it stands at ${lineOf(first)} already`,
      {
        fix: "give one of them another name",
        related: [{ text: "first", place: placeOf(childOf(first, "name") ?? first) }],
      },
    );
  }
}

/** The name of a service whose own check failed, so that others may refer to it. */
function writtenName(node: MapNode): string | null {
  const name = childOf(node, "name");
  return name?.kind === "scalar" && serviceName.test(name.text) ? name.text : null;
}

/** Where a service itself (not defaults) says something about a key; null: nowhere. */
export function ownKey({ nodes }: CollectedService, key: string): ScalarNode | null {
  for (let index = nodes.length - 1; index >= 0; index--) {
    const found = keyOf(nodes[index] as MapNode, key);
    if (found !== null) return found;
  }
  return null;
}
