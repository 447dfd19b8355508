/** gonit's reading of one YAML text, from bytes to meaning. */
import type { FileAccess, YamlSource } from "../../src/config/files.ts";
import type { YamlNode } from "../../src/config/node.ts";
import { parseYaml } from "../../src/config/parse-yaml.ts";
import { Problems } from "../../src/config/problems.ts";
import { readText } from "../../src/config/read-text.ts";
import { readScalar } from "../../src/config/scalar.ts";
import { type Meaning, type Outcome, shownValue } from "./yaml-meaning.ts";

const path = "config.yml";

export function readYaml(bytes: Uint8Array, files: FileAccess, yaml: YamlSource): Outcome {
  const found = readText({ ...files, readFile: () => bytes }, path, bytes.length);
  if ("why" in found) return { problems: [`${path}:${found.line}:${found.column}: ${found.why}`] };
  const problems = new Problems();
  const source = { path: `/${path}`, shown: path, rootPath: "", bytes: found.bytes, text: found.text };
  const document = parseYaml(source, yaml, problems);
  if (document === null || problems.count > 0) return { problems: problems.texts() };
  const { root } = document;
  // As a configuration it would be refused.
  if (root?.kind === "scalar") return { problems: [`${path}:1:1: a text is no configuration`] };
  return { meaning: root === null ? null : meaningOf(root) };
}

function meaningOf(node: YamlNode): Meaning {
  if (node.kind === "scalar") return ["scalar", node.text, shownValue(node.plain ? readScalar(node.text) : node.text)];
  if (node.kind === "list") return ["list", node.items.map(meaningOf)];
  return ["map", node.keys.map((key, index) => [key.text, meaningOf(node.values[index] as YamlNode)])];
}
