/** From another manager's files to a config.yml, and what could not be carried over. */

import type { FileAccess, YamlSource } from "../config/files.ts";
import { loadPlan } from "../config/load.ts";
import { Role } from "../contract.ts";
import { importCompose } from "./compose.ts";
import { type DataMap, Draft, type Note, type ServiceDraft } from "./draft.ts";
import { type Kind, kindOfFile, kindOfFolder } from "./kinds.ts";
import { noteLine } from "./notes-text.ts";
import { importPebble } from "./pebble.ts";
import { importProcessCompose } from "./process-compose.ts";
import { importProcfile } from "./procfile.ts";
import { importRunit } from "./runit.ts";
import { importS6 } from "./s6.ts";
import { Sources, Unusable } from "./sources.ts";
import { importSupervisord } from "./supervisord.ts";
import { importSystemd } from "./systemd.ts";
import { configurationText } from "./write.ts";

export interface ImportOptions {
  /** Files, or one folder. */
  paths: string[];
  /** null: recognised. */
  kind: Kind | null;
  workingDirectory: string;
  encodeUtf8: (text: string) => Uint8Array;
}

export interface Imported {
  kind: Kind;
  text: string;
  services: string[];
  notes: Note[];
  /** More notes that were counted only. */
  notesMore: number;
  /** What `gonit check` would say about the text: nothing, unless the source cannot work. */
  problems: string[];
}

/** Throws `Unusable` with a text for people. Reads only. */
export function importFiles(options: ImportOptions, files: FileAccess, yaml: YamlSource): Imported {
  const sources = new Sources(files, yaml, options.workingDirectory);
  const { kind, paths } = resolve(options, sources);
  const draft = new Draft();
  readers[kind](paths, sources, draft);
  if (draft.services.size === 0) {
    const why = draft.notes.map((note) => `\n  ${noteLine(note)}`).slice(0, 20);
    throw new Unusable(
      `cannot import ${paths.map((path) => sources.shown(path)).join(", ")}: no service is in it${why.join("")}`,
    );
  }
  dropDangling(draft);
  for (const service of draft.services.values()) endsOnce(service, draft);
  let text = configurationText(draft);
  let problems = problemsOf(text, options, files, yaml);
  for (let round = 0; round < roundsMax && leaveRefused(problems, draft); round++) {
    text = configurationText(draft);
    problems = problemsOf(text, options, files, yaml);
  }
  const order = (note: Note) => note.line;
  draft.notes.sort((a, b) => (a.file === b.file ? order(a) - order(b) : a.file < b.file ? -1 : 1));
  return {
    kind,
    text,
    services: [...draft.services.keys()],
    notes: draft.notes,
    notesMore: draft.notesMore,
    problems,
  };
}

function resolve({ paths, kind }: ImportOptions, sources: Sources): { kind: Kind; paths: string[] } {
  const absolute = paths.map((path) => sources.absolute(path));
  const kinds = absolute.map((path) => resolveOne(path, kind, sources));
  const [first] = kinds;
  if (first === undefined) throw new Unusable("cannot import nothing: name a file or a folder");
  const other = kinds.find((one) => one.kind !== first.kind);
  if (other !== undefined)
    throw new Unusable(`cannot import ${first.kind} and ${other.kind} together: import one, then the other`);
  return { kind: first.kind, paths: kinds.flatMap((one) => one.paths) };
}

function resolveOne(path: string, kind: Kind | null, sources: Sources): { kind: Kind; paths: string[] } {
  const found = sources.kindOf(path);
  if (typeof found === "number") {
    // An instance of a systemd template has no file of its own.
    if (/@[^/]+\.[a-z]+$/.test(path)) return { kind: "systemd", paths: [path] };
    throw new Unusable(`cannot read ${sources.shown(path)}: ${sources.files.errorText(-found)}`);
  }
  if (found !== "directory") return { kind: kind ?? kindOfFile(path, sources), paths: [path] };
  if (kind === null) return kindOfFolder(path, sources);
  const known = kindOfKnown(path, kind, sources);
  return { kind, paths: known };
}

/** Of a folder with several kinds in it, the files of the one that is asked for. */
function kindOfKnown(path: string, kind: Kind, sources: Sources): string[] {
  if (["systemd", "runit", "s6", "pebble"].includes(kind)) return [path];
  const names = sources.list(path).map((name) => `${path}/${name}`);
  const found = names.find((one) => sources.isFile(one) && isOf(one, kind, sources));
  if (found === undefined) throw new Unusable(`cannot import ${sources.shown(path)}: there is no ${kind} file in it`);
  return [found];
}

function isOf(path: string, kind: Kind, sources: Sources): boolean {
  try {
    return kindOfFile(path, sources) === kind;
  } catch (error) {
    if (error instanceof Unusable) return false;
    throw error;
  }
}

/** Kinds of which several files, or a folder, make one whole; of the others, one. */
const readers: { [kind in Kind]: (paths: string[], sources: Sources, draft: Draft) => void } = {
  procfile: (paths, sources, draft) => importProcfile(onlyOne(paths), sources, draft),
  supervisord: (paths, sources, draft) => importSupervisord(onlyOne(paths), sources, draft),
  compose: importCompose,
  systemd: importSystemd,
  "process-compose": importProcessCompose,
  runit: importRunit,
  s6: importS6,
  pebble: importPebble,
};

function onlyOne([first = "", ...others]: string[]): string {
  if (others.length > 0)
    throw new Unusable("cannot import several files of this kind at once: import one after the other");
  return first;
}

/** Whose end others wait for is not started again after it. */
function endsOnce(service: ServiceDraft, draft: Draft): void {
  const { restart, type } = service.values;
  if (type !== "task" || (restart !== "always" && service.map("restart").policy !== "always")) return;
  draft.note(service.at, "others wait for its end, so that it is started again after a failure only");
  if (restart === "always") service.values.restart = "on-failure";
  else service.values.restart = { ...service.map("restart"), policy: "on-failure" };
}

/** A service that could not be imported is nobody's dependency. */
function dropDangling(draft: Draft): void {
  for (const service of draft.services.values()) {
    for (const key of ["depends_on", "after", "before", "conflicts"]) {
      const before = service.list(key);
      const left = before.filter((item) =>
        draft.services.has(typeof item === "string" ? item : String((item as DataMap).name)),
      );
      if (left.length === before.length) continue;
      draft.note(
        service.origins.get(key) ?? service.at,
        `${key} of ${service.name}: not all of its services are imported`,
      );
      if (left.length === 0) service.remove(key);
      else service.values[key] = left;
    }
  }
}

/** Without these a service would be another one; what is wrong with them stays a problem. */
const neverLeft = new Set(["name", "command", "depends_on", "after", "before", "conflicts"]);
/** A reader tells of 50 problems at a time. */
const roundsMax = 20;

/** Leaves out what gonit refuses, and tells it: keys that it does not have yet, and values that are none for it. */
function leaveRefused(problems: string[], draft: Draft): boolean {
  let isAny = false;
  for (const problem of problems) {
    const [, path = "", why = ""] = /^\S+: services\.(.+?): ([^\n]*)/.exec(problem) ?? [];
    const service = [...draft.services.values()].find(({ name }) => path.startsWith(`${name}.`));
    const key = path.slice((service?.name.length ?? 0) + 1).replace(/\..*$/, "");
    if (service?.values[key] === undefined || neverLeft.has(key)) continue;
    draft.note(service.origins.get(key) ?? service.at, `gonit would refuse ${key}: ${why}`);
    service.remove(key);
    isAny = true;
  }
  return isAny;
}

/** Reads the text as gonit would; variables that it names count as set. */
function problemsOf(text: string, options: ImportOptions, files: FileAccess, yaml: YamlSource): string[] {
  const { workingDirectory } = options;
  const folder = workingDirectory === "/" ? "" : workingDirectory;
  const path = `${folder}/config.yml`;
  const bytes = options.encodeUtf8(text);
  const own: FileAccess = {
    ...files,
    readFile: (asked, maxBytes) => (asked === path ? bytes : files.readFile(asked, maxBytes)),
    kindOf: (asked) => (asked === path ? "file" : files.kindOf(asked)),
    realPath: (asked) => (asked === path ? path : files.realPath(asked)),
    list: (asked) => (asked === `${folder}/config.d` ? [] : files.list(asked)),
  };
  const environment = [...new Set(text.match(/\$\{([A-Za-z_][A-Za-z0-9_.]*)/g) ?? [])].map(
    (name) => `${name.slice(2)}=1`,
  );
  const result = loadPlan(
    {
      role: Role.laptop,
      path,
      workingDirectory,
      environment: ["HOME=/", ...environment],
      instanceName: () => "import",
    },
    own,
    yaml,
  );
  return "problems" in result ? result.problems : [];
}
