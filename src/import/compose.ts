/** compose.yaml, as the Compose specification has it: what a container gets from its image is not there, and told. */

import { folderOf, type MapNode, placeOf, resolvePath, type YamlNode } from "../config/node.ts";
import type { ComposeContext } from "./compose-context.ts";
import { composeRules, finishService } from "./compose-keys.ts";
import { importDotEnv } from "./dot-env.ts";
import { type At, type Draft, LeftOut } from "./draft.ts";
import { applyRules } from "./rules.ts";
import { type Sources, Unusable } from "./sources.ts";
import { atNode, entriesOf, mergedMaps, textOf, valueAt } from "./yaml-values.ts";

export const composeTopLevel: { [key: string]: LeftOut | null } = {
  version: null,
  name: null,
  services: null,
  include: new LeftOut("included files are not read", "import them as well, one after the other"),
  networks: new LeftOut("services share the machine's network", "sandbox: {private_network: true} takes it away"),
  volumes: new LeftOut(
    "there are no volumes: programs see the machine's files",
    "directories: {state: NAME} makes one",
  ),
  configs: new LeftOut(
    "there are no configs: programs see the machine's files",
    "put the file where the program looks",
  ),
  secrets: new LeftOut("there are no secrets: programs see the machine's files", "env_file, or a file with mode 0600"),
  models: new LeftOut("gonit does not provide models"),
};

const appended = new Set([
  "ports",
  "expose",
  "volumes",
  "environment",
  "env_file",
  "tmpfs",
  "dns",
  "cap_add",
  "cap_drop",
]);
const extendsMax = 16;

export function importCompose(paths: string[], sources: Sources, draft: Draft): void {
  const [first = ""] = paths;
  const roots = paths.map((path) => sources.parse(sources.read(path)));
  if (paths.length === 1) roots.push(...overrideOf(first, sources));
  const root = roots.reduce((before, next) => mergedMaps(before, next, appended));
  for (const { at, key } of entriesOf(root, "")) {
    const left = Object.hasOwn(composeTopLevel, key) ? composeTopLevel[key] : undefined;
    if (left === undefined) draft.note(at, "there is no such key");
    else if (left !== null) draft.leave(at, left);
  }
  const title = textOf(valueAt(root, "name"));
  if (title !== null) draft.system.title = title;
  const services = valueAt(root, "services");
  if (services?.kind !== "map") throw new Unusable(`cannot import ${sources.shown(first)}: it has no services`);
  draft.defaults.restart = "no";
  draft.defaultsRemark = "Compose starts nothing again unless a service says so.";
  importDotEnv(folderOf(first), sources, draft);
  const reader = new ComposeReader(services, folderOf(first), sources, draft);
  for (const [index, key] of services.keys.entries()) reader.service(key.text, services.values[index] as YamlNode);
  reader.finish();
}

/** compose.override.yaml is read by compose itself, so it belongs to what is meant. */
function overrideOf(path: string, sources: Sources): MapNode[] {
  const other = path.replace(/\.(ya?ml)$/, ".override.$1");
  return other !== path && !path.includes(".override.") && sources.isFile(other)
    ? [sources.parse(sources.read(other))]
    : [];
}

class ComposeReader {
  private readonly services: MapNode;
  private readonly folder: string;
  private readonly sources: Sources;
  private readonly draft: Draft;
  private readonly made: ComposeContext[] = [];

  constructor(services: MapNode, folder: string, sources: Sources, draft: Draft) {
    this.services = services;
    this.folder = folder;
    this.sources = sources;
    this.draft = draft;
  }

  service(name: string, written: YamlNode): void {
    const at = atNode(written, name);
    if (written.kind !== "map") {
      this.draft.note(at, "a service is a map of keys and values");
      return;
    }
    const node = this.extended(written, this.folder, []);
    const service = this.draft.service(name, { ...at, line: placeOf(written).line });
    if (service === null) return;
    const { draft, sources, folder } = this;
    const context: ComposeContext = { name, node, service, draft, pathOf: (path) => pathIn(folder, path, sources) };
    applyRules(entriesOf(node, `services.${name}`), composeRules, context, draft);
    this.made.push(context);
  }

  finish(): void {
    const awaitedAsTask = new Set(this.made.flatMap(({ node }) => doneDependencies(node)));
    const names = new Map(this.made.map(({ name, service }) => [name, service.name]));
    for (const context of this.made) finishService(context, awaitedAsTask, names);
  }

  /** With what `extends` brings in, from this file or another. */
  private extended(node: MapNode, folder: string, open: string[]): MapNode {
    const asked = valueAt(node, "extends");
    if (asked === null) return node;
    const name = textOf(asked) ?? textOf(valueAt(asked, "service"));
    const file = textOf(valueAt(asked, "file"));
    const at = atNode(asked, "extends");
    const path = file === null ? "" : resolvePath(folder, file);
    const key = `${path}\0${name}`;
    if (name === null || open.includes(key) || open.length >= extendsMax) {
      this.draft.note(at, name === null ? "it names no service" : "it extends itself, or too many others");
      return node;
    }
    const base = this.base(path, name, at);
    if (base === null) return node;
    const whole = this.extended(base, path === "" ? folder : folderOf(path), [...open, key]);
    return mergedMaps(without(whole, ["extends", "depends_on"]), without(node, ["extends"]), appended);
  }

  private base(path: string, name: string, at: At): MapNode | null {
    const file = path === "" ? null : this.sources.readIfThere(path);
    if (path !== "" && file === null) {
      this.draft.note(at, `there is no file ${this.sources.shown(path)}`);
      return null;
    }
    const services = file === null ? this.services : valueAt(this.sources.parse(file), "services");
    const found = valueAt(services, name);
    if (found?.kind === "map") return found;
    this.draft.note(at, `there is no service ${name}`);
    return null;
  }
}

function without(node: MapNode, names: string[]): MapNode {
  const kept = node.keys.map((key, index) => ({ key, index })).filter(({ key }) => !names.includes(key.text));
  return { ...node, keys: kept.map(({ key }) => key), values: kept.map(({ index }) => node.values[index] as YamlNode) };
}

function pathIn(folder: string, path: string, sources: Sources): string {
  return path.startsWith("/") || path.startsWith("~") ? path : sources.relative(resolvePath(folder, path));
}

/** Services that this one waits for until they have ended with success. */
function doneDependencies(node: MapNode): string[] {
  const found = valueAt(node, "depends_on");
  if (found?.kind !== "map") return [];
  return found.keys
    .filter(
      (_, index) => textOf(valueAt(found.values[index] as YamlNode, "condition")) === "service_completed_successfully",
    )
    .map(({ text }) => text);
}
