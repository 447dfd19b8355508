/** Makes parts of a JSON Schema that stand in it several times definitions: what it says stays the same. */

import type { Schema } from "./type-schema.ts";

/** Shorter ones are not worth a reference. */
const lengthLeast = 120;

/** The parts are named by the key under which they stand first. */
export function shareDefinitions(schema: Schema): Schema {
  const counts = new Map<string, number>();
  count(schema, counts);
  const names = new Map<string, string>();
  const definitions: Schema = {};
  return { ...(replace(schema, "", "root") as Schema), definitions };

  function replace(value: unknown, key: string, role: "root" | "schema" | "map"): unknown {
    if (Array.isArray(value)) return value.map((one) => replace(one, key, "schema"));
    if (typeof value !== "object" || value === null) return value;
    const entries = () =>
      Object.entries(value).map(([name, one]) => {
        if (role === "map") return [name, replace(one, name, "schema")];
        return [name, replace(one, key, isMap(name) ? "map" : "schema")];
      });
    const text = JSON.stringify(value);
    if (role !== "schema" || !isShared(value, text)) return Object.fromEntries(entries());
    let name = names.get(text);
    if (name === undefined) {
      name = freeName(key);
      names.set(text, name);
      definitions[name] = {};
      definitions[name] = Object.fromEntries(entries());
    }
    return { $ref: `#/definitions/${name}` };
  }

  function isShared(value: object, text: string): boolean {
    const isSchema = "type" in value || "anyOf" in value || "enum" in value;
    return isSchema && text.length >= lengthLeast && (counts.get(text) ?? 0) > 1;
  }

  function freeName(key: string): string {
    let name = key;
    for (let number = 2; name in definitions; number++) name = `${key}-${number}`;
    return name;
  }
}

/** Whether what stands under this word is a map of schemas, whose keys are names. */
function isMap(word: string): boolean {
  return word === "properties" || word === "patternProperties";
}

function count(value: unknown, counts: Map<string, number>): void {
  if (typeof value !== "object" || value === null) return;
  const text = JSON.stringify(value);
  counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const one of Object.values(value)) count(one, counts);
}
