/* Builds dist/gonit: TypeScript to bytecode, C to objects, all into one static program. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Compilation, compileAll, fileHash, forgetHash } from "./c-objects.ts";
import { elfFacts } from "./elf.ts";
import { link } from "./link.ts";
import { bundleModules, compileModules, embedModules, type Module } from "./modules.ts";
import { preparePrograms } from "./programs.ts";
import { allOf, Failure, mustRun, type Tools } from "./run.ts";
import { prepareSources, type Sources, TESTED_ENGINE } from "./sources.ts";
import { compileFlags, compilerOf, findToolchain, type Toolchain, type Variant } from "./toolchain.ts";

const SIZE_LIMIT = 1_677_721;
const ENGINE_FILES = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c", "cutils.c", "libbf.c"];

/** All that a build of any variant needs. */
export interface Workshop {
  root: string;
  tools: Toolchain;
  sources: Sources;
  version: string;
}

export async function openWorkshop(tools: Tools): Promise<Workshop> {
  await preparePrograms(tools, []);
  const sources = await prepareSources(tools);
  const manifest = JSON.parse(readFileSync(join(tools.root, "package.json"), "utf8")) as { version: string };
  return { root: tools.root, tools: await findToolchain(tools.root), sources, version: manifest.version };
}

function cFiles(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".c"))
        .sort()
    : [];
}

/** Variants that share the engine's objects with the bytecode compiler, which is linked first of all. */
function isStatic(variant: Variant): boolean {
  return variant === "release" || variant === "hooks";
}

function libraryFolder(shop: Workshop, variant: Variant): string {
  const name = isStatic(variant) ? "libraries" : `libraries-${variant}`;
  return join(shop.root, ".cache/objects", name);
}

/** The script engine's objects. They know nothing of gonit's variants, so release and hooks share them. */
export function engineCompilations(shop: Workshop, variant: Variant): Compilation[] {
  const { tools, sources } = shop;
  const compiler = compilerOf(tools, variant);
  const folder = libraryFolder(shop, variant);
  const files = ENGINE_FILES.filter((name) => existsSync(join(sources.engine.folder, name)));
  return files.map((name) => ({
    compiler,
    source: join(sources.engine.folder, name),
    object: join(folder, `${name}.o`),
    flags: compileFlags(tools, sources, variant, "engine"),
  }));
}

export function yamlCompilations(shop: Workshop, variant: Variant): Compilation[] {
  const { tools, sources } = shop;
  const folder = join(sources.yaml.folder, "src");
  return cFiles(folder).map((name) => ({
    compiler: compilerOf(tools, variant),
    source: join(folder, name),
    object: join(libraryFolder(shop, variant), `yaml-${name}.o`),
    flags: compileFlags(tools, sources, variant, "yaml"),
  }));
}

function hostCompilations(shop: Workshop, variant: Variant): Compilation[] {
  const flags = [...compileFlags(shop.tools, shop.sources, variant, "ours"), `-DGONIT_VERSION="${shop.version}"`];
  return cFiles(join(shop.root, "host"))
    .filter((name) => variant !== "sanitize" || name !== "memcpy.c")
    .map((name) => ({
      compiler: compilerOf(shop.tools, variant),
      source: join(shop.root, "host", name),
      object: join(shop.root, ".cache/objects", variant, `${name}.o`),
      flags,
    }));
}

/** A compiler's complaint about another version of the engine than the tested one gets the way out. */
async function compileEngine(shop: Workshop, compilations: Compilation[]): Promise<void> {
  try {
    await compileAll(compilations, shop.tools.version);
  } catch (error) {
    const { version } = shop.sources.engine;
    if (!(error instanceof Failure) || version === TESTED_ENGINE) throw error;
    const hint = `quickjs-ng is ${version}; gonit is tested with ${TESTED_ENGINE}: set QUICKJS_SRC to a folder of that version`;
    throw new Failure(`${error.message}\n${hint}`);
  }
}

/** The bytecode compiler, linked with the objects that go into gonit: only the same engine reads what it writes. */
async function makeBytecodeTool(shop: Workshop): Promise<string> {
  const engine = engineCompilations(shop, "release");
  const tool = join(shop.root, ".cache/compile-bytecode");
  const own: Compilation = {
    compiler: shop.tools.musl,
    source: join(shop.root, "scripts/compile-bytecode.c"),
    object: join(shop.root, ".cache/objects/compile-bytecode.o"),
    flags: compileFlags(shop.tools, shop.sources, "release", "ours"),
  };
  await compileEngine(shop, [...engine, own]);
  await link(shop, tool, [own, ...engine], "release");
  return tool;
}

/** Profiles of seccomp(2) by name, made by a program that is linked with libseccomp; gonit itself is not. */
async function makeSeccompProfiles(shop: Workshop, folder: string): Promise<Module[]> {
  const tool = join(shop.root, ".cache/seccomp-profiles");
  const script = join(shop.root, "scripts/seccomp-profiles.c");
  const profiles = ["default", "no-network"].map((name) => {
    return {
      name: `seccomp/${name}`,
      script,
      bytecode: join(folder, `seccomp+${name}.bin`),
      isLzma: false,
      hasLines: true,
    };
  });
  const record = join(folder, "from");
  const isFresh = [record, ...profiles.map(({ bytecode }) => bytecode)].every((file) => existsSync(file));
  if (isFresh && readFileSync(record, "utf8") === fileHash(script)) return profiles;
  mkdirSync(folder, { recursive: true });
  const words = ["-Wall", "-Wextra", "-D_GNU_SOURCE", script, "-lseccomp", "-o", tool];
  await mustRun("compile the program of the seccomp profiles", shop.tools.gcc, words);
  await mustRun("make the seccomp profiles", tool, [folder]);
  for (const { bytecode } of profiles) forgetHash(bytecode);
  writeFileSync(record, fileHash(script));
  return profiles;
}

/** The TypeScript side, as two sources that the linker takes in: the same for all variants. */
async function makeModules(shop: Workshop): Promise<{ modules: Module[]; compilations: Compilation[] }> {
  const [modules, tool] = await allOf([bundleModules(shop.root), makeBytecodeTool(shop)]);
  const folder = join(shop.root, ".cache/bytecode");
  await compileModules(modules, tool, folder);
  const filters = join(shop.root, ".cache/seccomp");
  const profiles = await makeSeccompProfiles(shop, filters);
  const { table, data, inputs } = await embedModules([...modules, ...profiles], join(shop.root, ".cache/embedded"));
  const flags = compileFlags(shop.tools, shop.sources, "release", "ours");
  const compiler = shop.tools.musl;
  const object = (name: string): string => join(shop.root, ".cache/objects", name);
  return {
    modules,
    compilations: [
      { compiler, source: table, object: object("embedded-table.o"), flags },
      {
        compiler,
        source: data,
        object: object("embedded-data.o"),
        flags: [`-Wa,-I,${folder}`, `-Wa,-I,${filters}`],
        inputs,
      },
    ],
  };
}

/** A program that a newcomer can copy anywhere: static, small. */
function proveRelease(program: string): void {
  const facts = elfFacts(program);
  if (facts.interpreter || facts.dynamic) throw new Failure(`${program} is not static: it asks for a dynamic loader`);
  const { size } = statSync(program);
  if (size > SIZE_LIMIT) throw new Failure(`${program} has ${size} bytes; the bound is ${SIZE_LIMIT}`);
}

/** Builds one variant; the program's path. */
export async function buildVariant(shop: Workshop, variant: Variant): Promise<string> {
  const engine = engineCompilations(shop, variant);
  const parts = [...hostCompilations(shop, variant), ...yamlCompilations(shop, variant)];
  const [{ modules, compilations }] = await allOf([
    makeModules(shop).then(async (made) => {
      await compileAll(made.compilations, shop.tools.version);
      return made;
    }),
    compileAll(parts, shop.tools.version),
    isStatic(variant) ? [] : compileEngine(shop, engine),
  ]);
  const name = variant === "release" ? "gonit.debug" : `gonit-${variant}`;
  const linked = await link(shop, join(shop.root, "dist", name), [...parts, ...compilations, ...engine], variant);
  if (variant !== "release") return join(shop.root, "dist", name);
  const program = join(shop.root, "dist/gonit");
  if (linked || !existsSync(program)) {
    await mustRun("strip gonit", "strip", ["-s", "-o", `${program}.new`, `${program}.debug`]);
    proveRelease(`${program}.new`);
    renameSync(`${program}.new`, program);
    console.error(
      `${relativeTo(shop.root, program)}: ${statSync(program).size} bytes, static, ${modules.length} modules`,
    );
  }
  return program;
}

function relativeTo(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

const VARIANTS = new Map<string, Variant>([
  ["--hooks", "hooks"],
  ["--sanitize", "sanitize"],
]);

/** `npm run build [-- --hooks] [-- --sanitize]`: the release, and the named variants beside it. */
export async function buildCommand(tools: Tools, words: string[]): Promise<number> {
  const unknown = words.find((word) => !VARIANTS.has(word));
  if (unknown !== undefined)
    throw new Failure(`unknown option ${unknown}; there are ${[...VARIANTS.keys()].join(" ")}`);
  const shop = await openWorkshop(tools);
  for (const variant of ["release" as const, ...words.map((word) => VARIANTS.get(word) as Variant)]) {
    await tools.step(`Building gonit (${variant})`, () => buildVariant(shop, variant));
  }
  return 0;
}
