/** Which manager a file or folder is of: by its name, then by what is in it. */

import { isProcfile } from "../config/procfile.ts";
import { type Sources, Unusable } from "./sources.ts";
import { valueAt } from "./yaml-values.ts";

export const kinds = [
  "procfile",
  "supervisord",
  "compose",
  "systemd",
  "process-compose",
  "runit",
  "s6",
  "pebble",
] as const;

export type Kind = (typeof kinds)[number];

/** Names of files that say what they are. */
const fileNames: [RegExp, Kind][] = [
  [/^process-compose(?:[.-].*)?\.ya?ml$/, "process-compose"],
  [/^(?:docker-|podman-)?compose(?:[.-].*)?\.ya?ml$/, "compose"],
  [/^supervisor[a-z]*\.(?:conf|ini)$/, "supervisord"],
  [/\.(?:service|timer|socket|target)$/, "systemd"],
];

const unitNames = /\.(?:service|timer|socket|target|path|mount|automount|slice|swap|device|scope)$/;

export function kindOfFile(path: string, sources: Sources): Kind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isProcfile(path)) return "procfile";
  const named = fileNames.find(([pattern]) => pattern.test(name));
  if (named !== undefined) return named[1];
  const file = sources.read(path);
  if (unitNames.test(name))
    throw new Unusable(
      `cannot import ${file.shown}: of systemd's units, services, sockets, timers and targets are imported`,
    );
  if (/^\[(?:program|fcgi-program|eventlistener|supervisord|group):?[^\]\n]*\]/m.test(file.text)) return "supervisord";
  if (/^\[(?:Unit|Service|Timer|Socket)\]/m.test(file.text)) return "systemd";
  if (/\.ya?ml$/.test(name)) return kindOfYaml(path, sources);
  if (/^#!/.test(file.text) && name === "run")
    throw new Unusable(`cannot import ${file.shown}: name the folder that it is in`);
  throw unknown(file.shown);
}

function unknown(shown: string): Unusable {
  return new Unusable(
    `cannot import ${shown}: it is none of the kinds that are known\n  fix: write --from and one of ${kinds.join(", ")}`,
  );
}

function kindOfYaml(path: string, sources: Sources): Kind {
  const file = sources.read(path);
  const root = sources.parse(file);
  if (valueAt(root, "processes")?.kind === "map") return "process-compose";
  const services = valueAt(root, "services");
  if (services?.kind === "list")
    throw new Unusable(`cannot import ${file.shown}: it is gonit's own already; gonit check ${file.shown} looks at it`);
  if (services?.kind !== "map") throw unknown(file.shown);
  return services.values.some((service) => valueAt(service, "override") !== null) ? "pebble" : "compose";
}

/** In the order in which they are looked for. */
const namesInFolders: [RegExp, Kind][] = [
  [/^Procfile$/, "procfile"],
  [/^supervisord?\.(?:conf|ini)$/, "supervisord"],
  [/^(?:docker-)?compose\.ya?ml$/, "compose"],
  [/^process-compose\.ya?ml$/, "process-compose"],
];

/** The kind of a folder, and the files that are meant. */
export function kindOfFolder(path: string, sources: Sources): { kind: Kind; paths: string[] } {
  const names = sources.list(path);
  const shown = sources.shown(path);
  const found = namesInFolders.flatMap(([pattern, kind]) => {
    const name = names.find((one) => pattern.test(one) && sources.isFile(`${path}/${one}`));
    return name === undefined ? [] : [{ kind, name }];
  });
  if (found.length > 1) {
    const list = found.map(({ name }) => name).join(", ");
    throw new Unusable(`cannot choose in ${shown}: it holds ${list}\n  fix: name one of them`);
  }
  const [only] = found;
  if (only !== undefined) return { kind: only.kind, paths: [`${path}/${only.name}`] };
  const folder = kindOfNames(path, names, sources);
  if (folder !== null) return { kind: folder, paths: [path] };
  throw new Unusable(
    `cannot import ${shown}: nothing in it is of a kind that is known\n  fix: name a file, or write --from and one of ${kinds.join(", ")}`,
  );
}

function kindOfNames(path: string, names: string[], sources: Sources): Kind | null {
  if (names.some((name) => /\.(?:service|timer|socket|target)$/.test(name))) return "systemd";
  if (names.some(isLayerName) || names.includes("layers")) return "pebble";
  if (names.some((name) => /^(?:s6-rc\.d|services\.d|cont-init\.d|s6-overlay)$/.test(name))) return "s6";
  const folders = [path, ...names.map((name) => `${path}/${name}`)].filter((folder) => sources.isFolder(folder));
  const inside = folders.map((folder) => (folder === path ? names : sources.list(folder)));
  const isS6 = (list: string[]) => list.some((name) => s6Names.has(name));
  const hasRun = inside.some((list) => list.includes("run"));
  if (inside.some((list) => isS6(list) && (hasRun || list.includes("type")))) return "s6";
  return hasRun ? "runit" : null;
}

export function isLayerName(name: string): boolean {
  return /^\d{3}-.+\.ya?ml$/.test(name);
}

/** Files of a service directory that runit does not have. */
const s6Names = new Set([
  "type",
  "up",
  "dependencies",
  "dependencies.d",
  "contents",
  "contents.d",
  "notification-fd",
  "producer-for",
  "consumer-for",
  "timeout-kill",
  "timeout-finish",
  "down-signal",
  "max-death-tally",
  "lock-fd",
  "nosetsid",
]);
