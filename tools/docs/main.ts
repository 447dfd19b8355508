/** All files that are generated from the definitions: the pages' tables, the page of the verbs, manual pages, the schema. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandModule } from "../../src/cli/command.ts";
import { configurationSchema } from "../../src/config/json-schema.ts";
import { serviceEntries } from "../../src/config/service-keys.ts";
import { systemEntries } from "../../src/config/system-keys.ts";
import { commandPage } from "./command-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { ruleTable, signalTable, withPart } from "./generated-parts.ts";
import { manPage } from "./man-page.ts";
import { outputSchema } from "./output-schema.ts";
import { shareDefinitions } from "./share-definitions.ts";
import type { Schema } from "./type-schema.ts";

function load(module: string): Promise<CommandModule> {
  return import(`../../src/cli/${module}.ts`);
}

function schemaText(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Texts by their paths, as they should be. */
export async function generatedFiles(root: string): Promise<Map<string, string>> {
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const verbs = await commandPage(load);
  const keys = configurationPage(root, { file: systemEntries, service: serviceEntries });
  const machine = withPart(read("docs/machine.md"), "signals", signalTable());
  const configuration = shareDefinitions(configurationSchema() as Schema);
  const outputs = outputSchema(root);
  return new Map([
    ["docs/reference/gonit.md", verbs],
    ["docs/reference/configuration.md", keys],
    ["docs/machine.md", machine],
    ["docs/why.md", withPart(read("docs/why.md"), "rules", ruleTable())],
    ["docs/reference/config.schema.json", schemaText(configuration)],
    ["docs/reference/output.schema.json", schemaText(outputs)],
    // What gonit schema prints.
    ["src/cli/config-schema.txt", JSON.stringify(configuration)],
    ["src/cli/output-schema.txt", JSON.stringify(outputs)],
    [
      "docs/man/gonit.1",
      manPage({
        name: "gonit",
        section: 1,
        summary: "init system and service manager",
        synopsis: ["`gonit` _VERB_ [_OPTION_ ...] [_NAME_ ...]"],
        version,
        markdown: verbs,
        seeAlso: ["config.yml(5)", "gonit-init(8)"],
      }),
    ],
    [
      "docs/man/config.yml.5",
      manPage({
        name: "config.yml",
        section: 5,
        summary: "configuration of gonit",
        synopsis: [],
        version,
        markdown: keys,
        seeAlso: ["gonit(1)", "gonit-init(8)"],
      }),
    ],
    [
      "docs/man/gonit-init.8",
      manPage({
        name: "gonit-init",
        section: 8,
        summary: "gonit as process 1 of a machine or a container",
        synopsis: ["`gonit init` [`-g`] [`--` _COMMAND_ ...]"],
        version,
        markdown: machine,
        seeAlso: ["gonit(1)", "config.yml(5)"],
      }),
    ],
  ]);
}
