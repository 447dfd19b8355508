/*
 * The sources of other projects that are linked in: the script engine (quickjs-ng, Debian's qjs-src) and libyaml.
 * QUICKJS_SRC and LIBYAML_SRC name folders that are used instead of what apt brings.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AptRequest, aptFetch } from "./apt-fetch.ts";
import { improveEngine } from "./improve-engine.ts";
import { Failure, mustRun, type Tools } from "./run.ts";

/** The version of the engine that gonit is tested with. */
export const TESTED_ENGINE = "0.17.0";

export interface Source {
  /** Folder that holds quickjs.c, or libyaml's include/ and src/. */
  folder: string;
  version: string;
}

export interface Sources {
  engine: Source;
  yaml: Source;
}

interface Library {
  key: keyof Sources;
  variable: string;
  title: string;
  /** A file that proves that a folder is the right one. */
  proof: string;
  request: AptRequest;
  unpack(archive: string, into: string): Promise<void>;
  version(folder: string): string;
}

const LIBRARIES: Library[] = [
  {
    key: "engine",
    variable: "QUICKJS_SRC",
    title: "the script engine's source",
    proof: "quickjs.c",
    request: { package: "qjs-src", kind: "binary", file: /^qjs-src_.*\.deb$/, suites: ["forky", "sid"] },
    async unpack(archive, into) {
      await mustRun("unpack qjs-src", "dpkg-deb", ["-x", archive, `${into}/all`]);
      renameSync(`${into}/all/usr/src/quickjs-ng`, `${into}/source`);
    },
    version(folder) {
      const text = readFileSync(join(folder, "quickjs.h"), "utf8");
      const part = (name: string): string => new RegExp(`QJS_VERSION_${name} +(\\d+)`).exec(text)?.[1] ?? "?";
      return `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
    },
  },
  {
    key: "yaml",
    variable: "LIBYAML_SRC",
    title: "libyaml's source",
    proof: "include/yaml.h",
    request: { package: "libyaml", kind: "source", file: /^libyaml_.*\.orig\.tar\.\w+$/, suites: ["forky", "sid"] },
    async unpack(archive, into) {
      mkdirSync(`${into}/source`, { recursive: true });
      await mustRun("unpack libyaml", "tar", ["-xf", archive, "-C", `${into}/source`, "--strip-components=1"]);
    },
    version(folder) {
      const text = existsSync(join(folder, "CMakeLists.txt"))
        ? readFileSync(join(folder, "CMakeLists.txt"), "utf8")
        : "";
      const part = (name: string): string => new RegExp(`YAML_VERSION_${name} (\\d+)`).exec(text)?.[1] ?? "0";
      return `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
    },
  },
];

/** The package ships objects of its build beside the source: of another compiler, perhaps of another processor. */
function deleteObjects(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/\.[oa]$/.test(entry)) rmSync(join(folder, entry));
  }
}

async function unpack(library: Library, archive: string, target: string): Promise<void> {
  const work = `${target}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await library.unpack(archive, work);
  if (!existsSync(`${work}/source/${library.proof}`)) {
    throw new Failure(
      `cannot use ${archive}: it holds no ${library.proof}; set ${library.variable} to a folder of the source`,
    );
  }
  deleteObjects(`${work}/source`);
  rmSync(target, { recursive: true, force: true });
  renameSync(`${work}/source`, target);
  rmSync(work, { recursive: true });
}

function override(library: Library): string | undefined {
  const value = process.env[library.variable];
  if (value === undefined || value === "") return undefined;
  const folder = resolve(value);
  if (existsSync(join(folder, library.proof))) return folder;
  throw new Failure(`cannot use ${library.variable}=${value}: it holds no ${library.proof}`);
}

/** Fetches and unpacks what is missing. */
async function fetchMissing(missing: Library[], tools: Tools): Promise<void> {
  const cache = join(tools.root, ".cache");
  const titles = missing.map((library) => library.title).join(" and ");
  await tools.step(`Fetching ${titles} through apt`, async () => {
    const requests = missing.map((library) => library.request);
    const files = await aptFetch(requests, cache, `${cache}/downloads`);
    for (const [index, library] of missing.entries()) {
      await unpack(library, `${cache}/downloads/${files[index]}`, `${cache}/sources/${library.key}`);
    }
  });
}

function noticeVersion(engine: Source, cache: string): void {
  const told = `${cache}/engine-notice`;
  if (engine.version === TESTED_ENGINE || (existsSync(told) && readFileSync(told, "utf8") === engine.version)) return;
  console.error(
    `notice: quickjs-ng is ${engine.version}; gonit is tested with ${TESTED_ENGINE} (QUICKJS_SRC names another folder)`,
  );
  writeFileSync(told, engine.version);
}

/** Where the sources are, after fetching what is not there yet. */
export async function prepareSources(tools: Tools): Promise<Sources> {
  const cache = join(tools.root, ".cache");
  const folders = new Map(
    LIBRARIES.map((library) => [library.key, override(library) ?? `${cache}/sources/${library.key}`]),
  );
  const folder = (library: Library): string => folders.get(library.key) as string;
  const missing = LIBRARIES.filter((library) => !existsSync(join(folder(library), library.proof)));
  if (missing.length > 0) await fetchMissing(missing, tools);
  // A folder that was named by hand is the user's, and stays as it is.
  const own = `${cache}/sources/engine`;
  if (folders.get("engine") === own) improveEngine(join(own, "quickjs.c"));
  const [engine, yaml] = LIBRARIES.map((library) => ({
    folder: folder(library),
    version: library.version(folder(library)),
  }));
  const sources = { engine: engine as Source, yaml: yaml as Source };
  noticeVersion(sources.engine, cache);
  return sources;
}
