/**
 * All files that make one configuration, in the order in which later ones win: what is included, the file that includes
 * it, config.d, the services' own files, and what `gonit enable` was told. Each is read once, and what was read is what is hashed.
 */

import type { PlanSource } from "../engine/plan.ts";
import type { Variables } from "./expand.ts";
import { errno, type FileAccess, type YamlSource } from "./files.ts";
import { enabledLayer, extraFiles, type FindOptions, findConfiguration, serviceFiles } from "./find.ts";
import { childOf, type MapNode, type YamlNode } from "./node.ts";
import { parseYaml, type Text } from "./parse-yaml.ts";
import type { Problems } from "./problems.ts";
import { isProcfile, portBase, procfileTree } from "./procfile.ts";
import { fileBytesMax, readText, sourceOf } from "./read-text.ts";
import { kindNames, validate } from "./schema-kit.ts";
import { include } from "./system-keys.ts";
import { serviceName } from "./values.ts";

/** More than any configuration that people write; a plan for it would not fit the ledger either. */
const filesMax = 10_000;

export interface Layer {
  root: MapNode;
  /** A service's own file holds that service's keys. */
  service: string | null;
}

export interface Layers {
  /** Where the main file is, without symbolic links. */
  main: string;
  layers: Layer[];
  sources: PlanSource[];
}

export function readLayers(
  options: FindOptions & { shownPath: (path: string) => string },
  files: FileAccess,
  yaml: YamlSource,
  variables: Variables,
  problems: Problems,
): Layers | null {
  const main = findConfiguration(options, files, problems);
  if (main === null) return null;
  const reader = new LayerReader(options.shownPath, files, yaml, variables, problems);
  reader.read(main, null, null);
  for (const path of extraFiles(main, files, problems)) reader.read(path, null, null);
  for (const { name, path } of serviceFiles(options.role, files, problems)) reader.read(path, name, null);
  const enabled = enabledLayer(main, files);
  if (enabled !== null) reader.read(enabled, null, null);
  return { main: reader.mainRealPath, layers: reader.layers, sources: reader.sources };
}

class LayerReader {
  readonly layers: Layer[] = [];
  readonly sources: PlanSource[] = [];
  mainRealPath = "";
  private readonly shownPath: (path: string) => string;
  private readonly files: FileAccess;
  private readonly yaml: YamlSource;
  private readonly variables: Variables;
  private readonly problems: Problems;
  /** Files by real path that were read already. */
  private readonly done = new Set<string>();
  /** Files that are being read, outermost first. */
  private readonly open: string[] = [];

  constructor(
    shownPath: (path: string) => string,
    files: FileAccess,
    yaml: YamlSource,
    variables: Variables,
    problems: Problems,
  ) {
    this.shownPath = shownPath;
    this.files = files;
    this.yaml = yaml;
    this.variables = variables;
    this.problems = problems;
  }

  /** `from` is where an include names the file. */
  read(path: string, service: string | null, from: YamlNode | null): void {
    const real = this.files.realPath(path);
    const key = typeof real === "string" ? real : path;
    if (this.mainRealPath === "") this.mainRealPath = key;
    if (this.open.includes(key)) {
      const circle = [...this.open.slice(this.open.indexOf(key)), key].map(this.shownPath).join(" → ");
      if (from !== null)
        this.problems.at(
          from,
          "include-cycle",
          `cannot include ${this.shownPath(path)}: it includes itself (${circle})`,
          { fix: "remove one of the includes" },
        );
      return;
    }
    if (this.done.has(key)) {
      // Another name of it, which watch_config looks at as well.
      if (this.sources.every((one) => one.path !== path)) this.addSource(path);
      return;
    }
    this.done.add(key);
    if (this.sources.length >= filesMax) {
      this.problems.atFile(this.shownPath(path), "too-many", `cannot read more than ${filesMax} files`);
      return;
    }
    const root = this.tree(path, service, from);
    if (root === null) return;
    this.open.push(key);
    if (service === null) this.readIncluded(root);
    this.open.pop();
    this.layers.push({ root, service });
  }

  private addSource(path: string): void {
    const source = sourceOf(this.files, path);
    if (source !== null) this.sources.push(source);
  }

  private readIncluded(root: MapNode): void {
    const node = childOf(root, "include");
    if (node === null) return;
    const paths = validate(include, node, { variables: this.variables }, this.problems) ?? [];
    paths.forEach((path, index) => {
      this.read(path, null, node.kind === "list" ? (node.items[index] ?? node) : node);
    });
  }

  private tree(path: string, service: string | null, from: YamlNode | null): MapNode | null {
    const shown = this.shownPath(path);
    const found = readText(this.files, path, fileBytesMax);
    if ("why" in found) {
      const where = found.line > 0 ? `${shown}:${found.line}:${found.column}` : shown;
      const code = found.errno === errno.ENOENT ? "not-found" : "unreadable";
      if (from === null) this.problems.atFile(where, code, `cannot read the file: ${found.why}`, { fix: found.fix });
      else this.problems.at(from, code, `cannot read ${where}: ${found.why}`, { fix: found.fix });
      return null;
    }
    this.sources.push({ path, hash: found.hash });
    if (service !== null && !serviceName.test(service)) {
      this.problems.atFile(
        shown,
        "name",
        `cannot use ${JSON.stringify(service)} as a service's name: only letters, digits, _ . and - are allowed`,
      );
      return null;
    }
    const rootPath = service === null ? "" : `services.${service}`;
    return this.parse({ path, shown, rootPath, bytes: found.bytes, text: found.text });
  }

  private parse(text: Text): MapNode | null {
    if (text.bytes.indexOf(0) >= 0) {
      this.problems.atFile(text.shown, "binary", "cannot read the file: it is no text, it holds zero bytes");
      return null;
    }
    if (isProcfile(text.path)) return this.procfile(text);
    const document = parseYaml(text, this.yaml, this.problems);
    if (document === null) return null;
    const { root } = document;
    if (root === null) {
      // config.d files whose lines are all commented out are fine.
      if (this.layers.length === 0 && this.open.length === 0 && text.rootPath === "") {
        const fix = "begin with:\n    services:\n      - name: web\n        command: sleep infinity";
        this.problems.atFile(text.shown, "empty", "cannot use the file: it is empty", { fix });
      }
      return null;
    }
    if (root.kind === "map") return root;
    this.problems.at(
      root,
      "type",
      `cannot use ${kindNames[root.kind]} as a configuration: it is a map of keys and values`,
      {
        fix: "begin with services: and a list below it",
      },
    );
    return null;
  }
  private procfile({ path, shown, rootPath, text }: Text): MapNode | null {
    const document = { path, shown, rootPath, text, seen: null, events: new Int32Array(0), root: null };
    return procfileTree(document, portBase(path, this.files, this.variables("PORT")), this.problems);
  }
}
