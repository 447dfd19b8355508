import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configurationSchema } from "../../src/config/json-schema.ts";
import { keySections, keyTexts } from "./configuration-page.ts";

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  not?: object;
}

/** Names of keys inside of a key, at every depth. */
function innerKeys({ properties = {}, items, anyOf = [] }: Schema): string[] {
  const own = Object.entries(properties).flatMap(([key, schema]) => [key, ...innerKeys(schema)]);
  return [...own, ...(items === undefined ? [] : innerKeys(items)), ...anyOf.flatMap(innerKeys)];
}

test("keySections() puts texts in the order of the keys, and tells what has none or is of none", () => {
  const texts = [
    { keys: ["c"], text: "See." },
    { keys: ["a", "b"], text: "Ay and be." },
  ];
  assert.equal(keySections(["a", "b", "c"], texts), "### `a`, `b`\n\nAy and be.\n\n### `c`\n\nSee.");
  assert.throws(() => keySections(["a", "b", "c", "d"], texts), /is about d$/);
  assert.throws(() => keySections(["a", "b"], texts), /about no key, or twice: c$/);
  assert.throws(() => keySections(["a", "b", "c"], [...texts, { keys: ["c"], text: "" }]), /or twice: c$/);
});

test("each key inside of a key is named in the text of that key", () => {
  const schema = configurationSchema() as Schema;
  const service = schema.properties?.services?.anyOf?.[0]?.items ?? {};
  for (const [of, { properties = {} }] of [
    ["file", schema],
    ["service", service],
  ] as const) {
    for (const { keys, text } of keyTexts(".", of)) {
      if (keys[0] === "services" || keys[0] === "defaults") continue;
      const inner = keys.flatMap((key) => innerKeys(properties[key] ?? {}));
      const missing = inner.filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
      assert.deepEqual(missing, [], `${of} ${keys.join(", ")}`);
    }
  }
});

test("no module of src reads the long texts: they are no part of the binary", () => {
  const modules = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  assert.ok(modules.length > 300);
  for (const name of modules) assert.doesNotMatch(readFileSync(join("src", name), "utf8"), /key-texts/, name);
});
