/** The JSON Schema (draft-07) of config.yml for editors, from the definition that checks it. */

import { toJsonSchema } from "@valibot/to-json-schema";
import { system } from "./system-keys.ts";

type Convert = Parameters<typeof toJsonSchema>[0];
type Options = NonNullable<Parameters<typeof toJsonSchema>[1]>;
type JsonSchema = NonNullable<ReturnType<NonNullable<Options["overrideSchema"]>>>;

export function configurationSchema(): object {
  const schema = toJsonSchema(system as unknown as Convert, {
    target: "draft-07",
    overrideSchema: ({ valibotSchema, jsonSchema }) => override(valibotSchema as unknown as Kit, jsonSchema),
  });
  return { title: "gonit configuration", ...schema };
}

/** What src/config/schema-kit.ts puts into its schemas. */
interface Kit {
  type: string;
  json?: JsonSchema;
  required?: string[];
}

function override({ type, json, required }: Kit, jsonSchema: JsonSchema): JsonSchema | null {
  if (json !== undefined) return json;
  if (type !== "strict_object") return null;
  // Every key but those that are named may be left out, and x- keys are free.
  const { required: _required, ...rest } = jsonSchema;
  const keys = required !== undefined && required.length > 0 ? { required } : {};
  return { ...rest, ...keys, patternProperties: { "^x-": {} } };
}
