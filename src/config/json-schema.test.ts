import assert from "node:assert/strict";
import { test } from "node:test";
import { configurationSchema } from "./json-schema.ts";
import { serviceEntries } from "./service-keys.ts";
import { systemEntries } from "./system-keys.ts";

interface Schema {
  $schema?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
  not?: object;
}

const schema = configurationSchema() as Schema;
const service = schema.properties?.services?.anyOf?.[0]?.items;

test("the JSON Schema is draft-07 and holds every key with a description", () => {
  assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
  assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(systemEntries));
  assert.deepEqual(Object.keys(service?.properties ?? {}), Object.keys(serviceEntries));
  for (const [key, entry] of [
    ...Object.entries(schema.properties ?? {}),
    ...Object.entries(service?.properties ?? {}),
  ]) {
    assert.ok((entry.description ?? "").length > 5, key);
  }
});

test("only the name is required, and keys that are not supported yet match nothing", () => {
  assert.deepEqual(service?.required, ["name"]);
  assert.equal(schema.required, undefined);
  assert.deepEqual(schema.properties?.web?.not, {});
});
