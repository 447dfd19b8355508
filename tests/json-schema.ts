/** Checks a value against a JSON Schema, as far as the project's own schemas go: any word that is not known is an error. */
import assert from "node:assert/strict";

export type Schema = Record<string, unknown>;

const words = new Set(
  "$schema title description definitions type properties required additionalProperties items anyOf enum const".split(
    " ",
  ),
);

/** What is wrong with it, each with its place; empty: nothing. */
export function schemaProblems(schema: Schema, value: unknown, place = "$"): string[] {
  for (const word of Object.keys(schema)) assert.ok(words.has(word), `the schema at ${place} has ${word}`);
  const { anyOf, type, properties, required, additionalProperties, items } = schema;
  if (Array.isArray(anyOf)) {
    const tried = anyOf.map((one) => schemaProblems(one as Schema, value, place));
    return tried.some((problems) => problems.length === 0)
      ? []
      : [`${place} is none of ${anyOf.length}: ${tried.at(-1)}`];
  }
  if ("const" in schema && schema.const !== value) return [`${place} is not ${schema.const}`];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value))
    return [`${place} is ${value}, not one of ${schema.enum}`];
  const kinds = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (kinds.length > 0 && !kinds.includes(kindOf(value))) return [`${place} is ${kindOf(value)}, not ${kinds}`];
  if (Array.isArray(value))
    return value.flatMap((one, at) => schemaProblems((items ?? {}) as Schema, one, `${place}[${at}]`));
  if (typeof value !== "object" || value === null) return [];
  const known = (properties ?? {}) as Record<string, Schema>;
  const missing = ((required ?? []) as string[]).filter((name) => !(name in value));
  const problems = missing.map((name) => `${place} lacks ${name}`);
  for (const [name, one] of Object.entries(value)) {
    const inner = known[name] ?? additionalProperties ?? {};
    if (inner === false) problems.push(`${place} has ${name}`);
    else problems.push(...schemaProblems(inner as Schema, one, `${place}.${name}`));
  }
  return problems;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
