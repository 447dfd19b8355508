/** process-compose.yaml: processes that a shell starts, with probes, conditions and restarts. */

import { folderOf, type MapNode, resolvePath, type YamlNode } from "../config/node.ts";
import { importDotEnv } from "./dot-env.ts";
import { type DataMap, type Draft, LeftOut, literal } from "./draft.ts";
import { finishProcess, type ProcessContext, processRules } from "./process-compose-keys.ts";
import { applyRules, type Rule, type Rules } from "./rules.ts";
import { type Sources, Unusable } from "./sources.ts";
import { atNode, entriesOf, isTrue, mergedMaps, pairsOf, textOf, valueAt } from "./yaml-values.ts";

const own = new LeftOut("it is about process-compose itself");
const ownLog = new LeftOut("gonit's own messages go to its output", "gonit up --log-format logfmt or json says how");

interface TopContext {
  draft: Draft;
  root: MapNode;
}

const left: Rule<TopContext, YamlNode> = own;

/** All keys of the file. */
export const processComposeTopLevel: Rules<TopContext, YamlNode> = {
  disable_env_expansion: null,
  dot_env_vars: null,
  env_cmds: new LeftOut(
    "variables are not the output of commands",
    "environment: {NAME: VALUE}, or shell: true and $(COMMAND)",
  ),
  env_file_names: left,
  environment: (value, at, { draft }) => {
    const map: DataMap = {};
    for (const { name, value: text } of pairsOf(value, at.key)) map[name] = literal(text ?? "");
    draft.system.environment = map;
  },
  extends: new LeftOut("other projects are not read", "import them as well, or include: them"),
  file_names: left,
  is_strict: null,
  is_tui_disabled: null,
  log_configuration: ownLog,
  log_format: ownLog,
  log_length: ownLog,
  log_level: ownLog,
  log_location: ownLog,
  mcp_server: own,
  name: (value, _, { draft }) => {
    draft.system.title = literal(textOf(value) ?? "");
  },
  ordered_shutdown: null,
  processes: null,
  shell: null,
  vars: null,
  version: null,
};

const appended = new Set(["environment"]);
const extendsMax = 16;

export function importProcessCompose(paths: string[], sources: Sources, draft: Draft): void {
  const [first = ""] = paths;
  const roots = paths.map((path) => sources.parse(sources.read(path)));
  if (paths.length === 1) {
    const other = first.replace(/\.(ya?ml)$/, ".override.$1");
    if (other !== first && sources.isFile(other)) roots.push(sources.parse(sources.read(other)));
  }
  const root = roots.reduce((before, next) => mergedMaps(before, next, appended));
  applyRules(entriesOf(root, ""), processComposeTopLevel, { draft, root }, draft);
  const processes = valueAt(root, "processes");
  if (processes?.kind !== "map") throw new Unusable(`cannot import ${sources.shown(first)}: it has no processes`);
  draft.defaults.restart = "no";
  draft.defaultsRemark = "process-compose starts nothing again unless a process says so.";
  importDotEnv(folderOf(first), sources, draft);
  const made: ProcessContext[] = [];
  const pathOf = (path: string) => (path.startsWith("~") ? path : sources.relative(resolvePath(folderOf(first), path)));
  for (const { key, value } of entriesOf(processes, "processes")) {
    const node = value.kind === "map" ? extended(value, processes, draft, []) : null;
    const at = atNode(value, key);
    if (node === null) {
      draft.note(at, "a process is a map of keys and values");
      continue;
    }
    const service = draft.service(key, at);
    if (service === null) break;
    const context: ProcessContext = { name: key, node, service, draft, root, pathOf, isExpanded: isExpanded(root) };
    applyRules(entriesOf(node, `processes.${key}`), processRules, context, draft);
    made.push(context);
  }
  const names = new Map(made.map(({ name, service }) => [name, service.name]));
  for (const context of made) finishProcess(context, made, names);
}

function isExpanded(root: MapNode): boolean {
  return !isTrue(valueAt(root, "disable_env_expansion"));
}

/** With what `extends: NAME` of the same file brings in. */
function extended(node: MapNode, processes: MapNode, draft: Draft, open: string[]): MapNode {
  const asked = valueAt(node, "extends");
  const name = textOf(asked);
  if (asked === null || name === null) return node;
  const base = valueAt(processes, name);
  if (base?.kind !== "map" || open.includes(name) || open.length >= extendsMax) {
    draft.note(
      atNode(asked, "extends"),
      base === null ? `there is no process ${name}` : "it extends itself, or too many others",
    );
    return node;
  }
  return mergedMaps(extended(base, processes, draft, [...open, name]), node, appended);
}
