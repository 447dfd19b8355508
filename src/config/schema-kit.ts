/**
 * The building blocks of the one definition of all keys: valibot schemas that check nodes of the text instead of plain
 * values. So a problem knows its place, a value keeps its source text until its key says what it means, and a union
 * looks at the kind of the node (text, list, map) before it checks, so that a message is the branch's own.
 *
 * Types, checks and JSON Schema all come from them. What valibot would do in general and slowly (every key of a map
 * asked for at every map) is done over the keys that are there: a thousand services are read in a tenth of a second.
 */

import { type BaseIssue, type BaseSchema, type Config, description, type InferOutput, pipe } from "valibot";
import { expand, type Variables } from "./expand.ts";
import type { ScalarNode, YamlNode } from "./node.ts";
import { type Problems, quoted } from "./problems.ts";
import { Refusal } from "./refusal.ts";
import { isNullText } from "./scalar.ts";

/** What a check needs to know beside the node. */
export interface Context {
  variables: Variables;
  /** Counts the nulls that stand for "delete". */
  nulls?: number;
}

export interface NodeIssue extends BaseIssue<unknown> {
  node: YamlNode;
  code: string;
  fix: string;
}

export type NodeConfig = Config<NodeIssue> & { context: Context };

export interface NodeSchema<T> extends BaseSchema<YamlNode, T, NodeIssue> {
  /** JSON Schema of what may be written; absent where valibot's own converter knows the type. */
  json?: object;
}

export type OutputOf<S extends NodeSchema<unknown>> = InferOutput<S>;

/** valibot's dataset while a schema of ours works on it. */
export interface Dataset {
  typed?: boolean;
  value: unknown;
  issues?: NodeIssue[] | undefined;
  /** In spite of the issues the value is what could be read. */
  partial?: boolean;
}

export class Result {
  private readonly dataset: Dataset;
  private readonly type: string;

  constructor(dataset: Dataset, type: string) {
    this.dataset = dataset;
    this.type = type;
  }

  refuse(node: YamlNode, code: string, message: string, fix = ""): void {
    addIssue(this.dataset, this.type, node, code, message, fix);
  }
}

export function addIssue(
  dataset: Dataset,
  type: string,
  node: YamlNode,
  code: string,
  message: string,
  fix: string,
): void {
  const issue: NodeIssue = {
    kind: "schema",
    type,
    input: node,
    expected: null,
    received: node.kind,
    message,
    node,
    code,
    fix,
  };
  dataset.typed = false;
  if (dataset.issues === undefined) dataset.issues = [issue];
  else dataset.issues.push(issue);
}

export type Run = (dataset: Dataset, config: NodeConfig) => void;

/** A valibot schema around a function that works on the dataset; `more` are the fields that the converter looks at. */
export function makeSchema<T>(type: string, expects: string, run: Run, more: object): NodeSchema<T> {
  const schema = {
    kind: "schema",
    type,
    reference: makeSchema,
    expects,
    async: false,
    "~standard": {
      version: 1,
      vendor: "valibot",
      validate: () => ({ issues: [{ message: "a node needs a context" }] }),
    },
    "~run": (dataset: Dataset, config: NodeConfig) => {
      run(dataset, config);
      return dataset;
    },
    run,
    ...more,
  };
  return schema as unknown as NodeSchema<T>;
}

/** The function within a schema; a description around it (a pipe of valibot) copies it with all other fields. */
export function runOf(schema: NodeSchema<unknown>): Run {
  return (schema as unknown as { run: Run }).run;
}

/** One for all values of a map or list, one after the other: most values need no more than to be looked at. */
export function newDataset(): Dataset {
  return { typed: false, value: undefined, issues: undefined, partial: false };
}

/** Checks the next value; undefined stands for issues, which go to `outer`. */
export function runInside(run: Run, node: YamlNode, inside: Dataset, config: NodeConfig, outer: Dataset): unknown {
  inside.typed = false;
  inside.value = node;
  run(inside, config);
  if (inside.issues === undefined) return inside.value;
  adopt(outer, inside.issues);
  const rest = inside.partial ? inside.value : undefined;
  inside.issues = undefined;
  inside.partial = false;
  return rest;
}

/** Checks a node. Undefined when it has problems; they go to `refuse`. */
export function validate<T>(
  schema: NodeSchema<T>,
  node: YamlNode,
  context: Context,
  problems: Problems,
): T | undefined {
  const result = newDataset();
  result.value = node;
  runOf(schema)(result, { context } as NodeConfig);
  report(result, problems);
  return result.typed ? (result.value as T) : undefined;
}

/** Checks a map; of one with problems what could be read is returned, so that what others say about it is checked too. */
export function validateMap<T extends object>(
  schema: NodeSchema<T>,
  node: YamlNode,
  context: Context,
  problems: Problems,
): { values: Partial<T>; whole: boolean } {
  const result = newDataset();
  result.value = node;
  runOf(schema)(result, { context } as NodeConfig);
  report(result, problems);
  return { values: node.kind === "map" ? (result.value as Partial<T>) : {}, whole: result.typed === true };
}

function report({ issues }: Dataset, problems: Problems): void {
  if (issues === undefined) return;
  for (const { node, code, message, fix } of issues) problems.at(node, code, message, { fix });
}

export function described<T>(schema: NodeSchema<T>, text: string): NodeSchema<T> {
  return pipe(schema, description(text)) as unknown as NodeSchema<T>;
}

export const kindNames = { scalar: "a text", list: "a list", map: "a map" };

/** One text or number. `read` gets the text with variables replaced, and whether it was written without quotes. */
export function scalar<T>(
  expects: string,
  json: object,
  read: (text: string, plain: boolean) => T | Refusal,
  wrongKindFix = "",
): NodeSchema<T> {
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    if (node.kind !== "scalar") {
      addIssue(dataset, "scalar", node, "type", `cannot use ${kindNames[node.kind]} as ${expects}`, wrongKindFix);
      return;
    }
    const { text, plain } = node;
    if (plain && isNullText(text)) {
      addIssue(dataset, "scalar", node, "null", nullMessage(node, expects), nullFix);
      return;
    }
    let value = text;
    let isPlain = plain;
    if (text.includes("$")) {
      const expanded = expand(text, config.context.variables);
      if ("error" in expanded) {
        addIssue(dataset, "scalar", node, "variable", `cannot use ${quoted(text)}: ${expanded.error}`, expanded.fix);
        return;
      }
      // What came from a variable was never quoted for YAML.
      isPlain = isPlain || expanded.text !== text;
      value = expanded.text;
    }
    const result = read(value, isPlain);
    if (result instanceof Refusal) {
      addIssue(
        dataset,
        "scalar",
        node,
        "value",
        `cannot use ${quoted(value)} as ${expects}: ${result.why}`,
        result.fix,
      );
      return;
    }
    dataset.value = result;
    dataset.typed = true;
  };
  return makeSchema("scalar", expects, run, { json });
}

export const nullFix = 'write a value, "" for an empty text, or leave the key out';

function nullMessage(node: ScalarNode, expects: string): string {
  return node.text === ""
    ? `cannot leave this empty: ${expects} belongs here`
    : `cannot use ${node.text} as ${expects}: it is null, not text`;
}

/** A scalar whose meaning is decided later, when more is known: its node. */
export function scalarNode(expects: string, json: object): NodeSchema<ScalarNode> {
  const run: Run = (dataset) => {
    const node = dataset.value as YamlNode;
    if (node.kind !== "scalar") {
      addIssue(dataset, "scalar", node, "type", `cannot use ${kindNames[node.kind]} as ${expects}`, "");
    } else if (node.plain && isNullText(node.text)) {
      addIssue(dataset, "scalar", node, "null", nullMessage(node, expects), nullFix);
    } else dataset.typed = true;
  };
  return makeSchema("scalar", expects, run, { json });
}

/** Something that a schema made, changed into something else; `change` may refuse. */
export function changed<T, U>(
  schema: NodeSchema<T>,
  change: (value: T, node: YamlNode, result: Result, config: NodeConfig) => U | undefined,
): NodeSchema<U> {
  const inner = runOf(schema);
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    inner(dataset, config);
    if (!dataset.typed) return;
    const value = change(dataset.value as T, node, new Result(dataset, schema.type), config);
    if (value !== undefined) dataset.value = value;
  };
  // The converter reads what may be written, which is the same.
  const { "~run": _run, "~standard": _standard, run: _inner, ...more } = schema as NodeSchema<T> & { run: Run };
  return makeSchema(schema.type, schema.expects, run, more);
}

export function listOf<T>(item: NodeSchema<T>, expects: string): NodeSchema<T[]> {
  const inner = runOf(item);
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    if (node.kind !== "list") {
      const fix =
        node.kind === "scalar" && node.text !== ""
          ? `write [${node.text}]`
          : 'write a list: a line with "- " for each item';
      addIssue(dataset, "array", node, "type", `cannot use ${kindNames[node.kind]} as ${expects}`, fix);
      return;
    }
    const values: T[] = [];
    dataset.typed = true;
    const inside = newDataset();
    for (const child of node.items) {
      const value = runInside(inner, child, inside, config, dataset);
      if (value !== undefined) values.push(value as T);
    }
    dataset.value = values;
  };
  return makeSchema("array", expects, run, { item });
}

export function adopt(dataset: Dataset, issues: NodeIssue[]): void {
  dataset.typed = false;
  if (dataset.issues === undefined) dataset.issues = issues;
  else dataset.issues.push(...issues);
}

interface Branches<S, L, M> {
  scalar?: NodeSchema<S>;
  list?: NodeSchema<L>;
  map?: NodeSchema<M>;
}

/** The branch is chosen by the kind of the node, so that only its own problems are told. */
export function byKind<S = never, L = never, M = never>(
  expects: string,
  branches: Branches<S, L, M>,
  fixes: { scalar?: string; list?: string; map?: string } = {},
): NodeSchema<S | L | M> {
  const runs = new Map<string, Run>();
  for (const [kind, schema] of Object.entries(branches)) runs.set(kind, runOf(schema as NodeSchema<unknown>));
  const run: Run = (dataset, config) => {
    const node = dataset.value as YamlNode;
    const inner = runs.get(node.kind);
    if (inner !== undefined) inner(dataset, config);
    else
      addIssue(
        dataset,
        "union",
        node,
        "type",
        `cannot use ${kindNames[node.kind]} as ${expects}`,
        fixes[node.kind] ?? "",
      );
  };
  return makeSchema("union", expects, run, { options: Object.values(branches) });
}

export function isNullNode(node: YamlNode): boolean {
  return node.kind === "scalar" && node.plain && isNullText(node.text);
}
