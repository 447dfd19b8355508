import assert from "node:assert/strict";
import { test } from "node:test";
import { configurationSchema } from "../../src/config/json-schema.ts";
import { schemaProblems } from "../../tests/json-schema.ts";
import { shareDefinitions } from "./share-definitions.ts";
import { Declarations, type Schema } from "./type-schema.ts";

function schemaOf(source: string, name = "Shape"): Schema {
  const declarations = new Declarations();
  declarations.add(source);
  return declarations.schema(name);
}

test("Declarations.schema(): texts, numbers, lists, maps, choices, null, optional fields and what comments say", () => {
  const schema = schemaOf(`
    /** Not of a field. */
export interface Shape {
  /** A name
   * of two lines. */
  name: string;
  count: number | null;
  tags: string[];
  labels: Record<string, string>;
  kind: "a" | "b" | "";
  marks: ("x" | "y")[];
  // no description
  more?: Inner;
  one: Inner["deep"];
}
interface Inner { deep: boolean }
`);
  assert.deepEqual(schema, {
    type: "object",
    properties: {
      name: { description: "A name of two lines.", type: "string" },
      count: { type: ["number", "null"] },
      tags: { type: "array", items: { type: "string" } },
      labels: { type: "object", additionalProperties: { type: "string" } },
      kind: { enum: ["a", "b", ""] },
      marks: { type: "array", items: { enum: ["x", "y"] } },
      more: {
        type: "object",
        properties: { deep: { type: "boolean" } },
        required: ["deep"],
        additionalProperties: false,
      },
      one: { type: "boolean" },
    },
    required: ["name", "count", "tags", "labels", "kind", "marks", "one"],
    additionalProperties: false,
  });
});

test("Declarations.schema(): an intersection with a union has the fields of both in each variant", () => {
  const schema = schemaOf(
    'type Shape = Head & ({ kind: "a"; x: number } | { kind: "b" });\ninterface Head { id: number }\n',
  );
  const anyOf = schema.anyOf as Schema[];
  assert.deepEqual(
    anyOf.map(({ required }) => required),
    [
      ["id", "kind", "x"],
      ["id", "kind"],
    ],
  );
  assert.deepEqual(schemaProblems(schema, { id: 1, kind: "a", x: 2 }), []);
  assert.equal(schemaProblems(schema, { id: 1, kind: "b", x: 2 }).length, 1);
});

test("Declarations.schema() refuses what it does not know, when it is needed", () => {
  const source = 'type Odd = Pick<Shape, "a">;\ninterface Shape { a: string }\ninterface Bad { a: Odd }\n';
  assert.equal(schemaOf(source).type, "object");
  assert.throws(() => schemaOf(source, "Bad"), /no type Odd/);
});

/** With each reference replaced by what it means. */
function expanded(value: unknown, definitions: Schema): unknown {
  if (Array.isArray(value)) return value.map((one) => expanded(one, definitions));
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value) return expanded(definitions[String(value.$ref).replace("#/definitions/", "")], definitions);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, expanded(one, definitions)]));
}

test("shareDefinitions() says the same in fewer words", () => {
  const whole = configurationSchema() as Schema;
  const { definitions, ...shared } = shareDefinitions(whole);
  assert.deepEqual(expanded(shared, definitions as Schema), JSON.parse(JSON.stringify(whole)));
  assert.ok(JSON.stringify({ definitions, ...shared }).length < JSON.stringify(whole).length * 0.7);
});
