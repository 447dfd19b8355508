/*
 * From TypeScript to the table of bytecode that is linked into gonit: bundle, compile, embed.
 *
 * Entries are found by convention, so that a new verb or service needs no change here. Code that several entries use is
 * in chunks of its own, and a program loads only what it imports.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BuildFailure, build, formatMessages, transform } from "esbuild";
import { fileHash, forgetHash } from "./c-objects.ts";
import { Failure, mustRun } from "./run.ts";

export interface Module {
  /** As in host/embedded.h: "manager", "cli/main", "services/networking", "chunk-ABC". */
  name: string;
  /** Bundled JavaScript, and its bytecode. */
  script: string;
  bytecode: string;
  /** Packed by LZMA, else by LZ4 or not at all. */
  isLzma: boolean;
  /** Line numbers are in it, for the stacks of errors. */
  hasLines: boolean;
}

/**
 * Modules that are large or seldom loaded, and run no system: names are shortened, line numbers left out, and LZMA packs them,
 * a third of their size in all. What they stumble over is found again with lines in a test. They take some milliseconds to
 * unpack.
 */
const SMALL = ["simulate", "import", "look", "logs", "config", "check", "top", "attach", "exec", "schema"].map(
  (verb) => `cli/command-${verb}`,
);

/** In the chunk of all that reads configurations, which is loaded once for each reading, in a process of its own. */
const CONFIGURATION = "// src/config/service-keys.ts\n";

/** Entry modules by name. */
export function entryModules(root: string): Map<string, string> {
  const entries = new Map<string, string>();
  const add = (name: string, path: string): void => {
    if (existsSync(join(root, path))) entries.set(name, path);
  };
  const list = (path: string): string[] => (existsSync(join(root, path)) ? readdirSync(join(root, path)).sort() : []);
  add("manager", "src/manager.ts");
  add("reader", "src/reader.ts");
  add("cli/main", "src/cli/main.ts");
  for (const file of list("src/cli")) {
    if (/^command-[a-z0-9-]+\.ts$/.test(file)) add(`cli/${file.slice(0, -3)}`, `src/cli/${file}`);
  }
  for (const name of list("src/services")) add(`services/${name}`, `src/services/${name}/main.ts`);
  return entries;
}

/** Writes a file only when its content is another, so that what is made from it stays fresh. */
function writeChanged(path: string, content: string | Uint8Array): void {
  const bytes = Buffer.from(content as string);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  forgetHash(path);
}

function removeOthers(folder: string, keep: Set<string>): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !keep.has(path)) rmSync(path);
  }
}

/** Bundles all entries into memory. */
async function bundle(root: string, folder: string): Promise<{ path: string; contents: Uint8Array }[]> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [...entryModules(root)].map(([out, path]) => ({ in: path, out })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import", "default"],
    target: "es2023",
    chunkNames: "chunk-[hash]",
    loader: { ".yml": "text", ".txt": "text" },
    write: false,
    logLevel: "silent",
    legalComments: "none",
  }).catch(async (error: BuildFailure) => {
    const texts = await formatMessages(error.errors, { kind: "error" });
    throw new Failure(`cannot bundle src/\n${texts.join("").trim()}`);
  });
  return result.outputFiles;
}

async function shortened(script: Uint8Array): Promise<string> {
  return (await transform(Buffer.from(script).toString(), { minify: true, format: "esm", target: "es2023" })).code;
}

/** Bundles all entries into .cache/modules/. */
export async function bundleModules(root: string): Promise<Module[]> {
  const folder = join(root, ".cache/modules");
  const files = await bundle(root, folder);
  const small = new Set<string>();
  for (const { path, contents } of files) {
    const name = path.slice(folder.length + 1, -".js".length);
    if (SMALL.includes(name) || Buffer.from(contents).includes(CONFIGURATION)) small.add(name);
    writeChanged(path, SMALL.includes(name) ? await shortened(contents) : contents);
  }
  removeOthers(folder, new Set(files.map((file) => file.path)));
  const modules = files.map((file) => {
    const name = file.path.slice(folder.length + 1, -".js".length);
    const bytecode = join(root, ".cache/bytecode", `${name.replaceAll("/", "+")}.bin`);
    return { name, script: file.path, bytecode, isLzma: waits(name) || small.has(name), hasLines: !small.has(name) };
  });
  markShared(modules);
  return modules.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What only waits for others: a verb, but for the one that is asked again and again, and the built-in services. */
function waits(name: string): boolean {
  return /^(services\/|cli\/command-)/.test(name) && name !== "cli/command-status";
}

/** Shared modules that only such modules load are packed as these are. */
function markShared(modules: Module[]): void {
  const scripts = modules.map((module) => ({ module, text: readFileSync(module.script, "utf8") }));
  for (let changed = true; changed; ) {
    changed = false;
    for (const { module: shared } of scripts) {
      if (shared.isLzma || !shared.name.startsWith("chunk-")) continue;
      if (scripts.some(({ module, text }) => !module.isLzma && text.includes(`${shared.name}.js"`))) continue;
      shared.isLzma = true;
      changed = true;
    }
  }
}

/** Compiles the scripts that changed since their bytecode was written. */
export async function compileModules(modules: Module[], tool: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const stamp = (module: Module): string => `${fileHash(tool)} ${fileHash(module.script)} ${module.hasLines}`;
  const stale = modules.filter((module) => {
    const record = `${module.bytecode}.from`;
    return !existsSync(module.bytecode) || !existsSync(record) || readFileSync(record, "utf8") !== stamp(module);
  });
  if (stale.length > 0) {
    const wordsOf = (some: Module[]): string[] =>
      some.flatMap(({ name, script, bytecode }) => [name, script, bytecode]);
    const bare = stale.filter(({ hasLines }) => !hasLines);
    const words = wordsOf(stale.filter((module) => !bare.includes(module)));
    if (bare.length > 0) words.push("--no-lines", ...wordsOf(bare));
    await mustRun("compile the scripts to bytecode", tool, words);
    for (const module of stale) {
      writeFileSync(`${module.bytecode}.from`, stamp(module));
      forgetHash(module.bytecode);
    }
  }
  const kept = modules.flatMap((module) => [module.bytecode, `${module.bytecode}.from`, packedPath(module)]);
  removeOthers(folder, new Set(kept));
}

/** Smaller ones are read as they are: a client begins with them. */
const PACKED_BYTES_LEAST = 4096;
const LZMA_BYTES_LEAST = 1024;

function packedPath(module: Module): string {
  return `${module.bytecode}.${module.isLzma ? "lzma" : "lz4"}`;
}

/** The module packed, also written beside its bytecode; null where it stays as it is. */
async function packModule(module: Module): Promise<Uint8Array | null> {
  const least = module.isLzma ? LZMA_BYTES_LEAST : PACKED_BYTES_LEAST;
  if (readFileSync(module.bytecode).length < least) return null;
  if (module.isLzma) {
    // As host/lzma.h has it.
    const options = ["--format=raw", "--lzma1=preset=9e,lc=3,lp=0,pb=0", "--suffix=.lzma", "--keep", "--force"];
    await mustRun("pack the bytecode", "xz", [...options, module.bytecode]);
  } else {
    const words = ["-q", "-f", "-12", "-B7", "--no-frame-crc", module.bytecode, packedPath(module)];
    await mustRun("pack the bytecode", "lz4", words);
    writeFileSync(packedPath(module), blockOf(readFileSync(packedPath(module))));
  }
  forgetHash(packedPath(module));
  return readFileSync(packedPath(module));
}

/** The one block of a frame as lz4(1) writes it: magic, two bytes of flags and their check, the block's length. */
export function blockOf(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const length = view.getUint32(7, true);
  const isUsual = view.getUint32(0, true) === 0x184d2204 && frame[4] === 0x60;
  // The highest bit says that the block is not packed; zero ends the frame.
  if (!isUsual || length >>> 31 === 1 || frame.length !== 11 + length + 4 || view.getUint32(11 + length, true) !== 0)
    throw new Failure("cannot use what lz4 wrote: it is no frame of one packed block");
  return frame.subarray(11, 11 + length);
}

/** A name for these scripts: plans that others stored may hold what these do not understand. */
function buildOf(modules: Module[]): string {
  const texts = modules.map(({ name, bytecode }) => `${name} ${fileHash(bytecode)}`);
  return createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
}

/** Writes the table of host/embedded.h and the data that it points to. */
export async function embedModules(
  modules: Module[],
  folder: string,
): Promise<{ table: string; data: string; inputs: string[] }> {
  const packed = await Promise.all(modules.map(packModule));
  const table = ['#include "embedded.h"', ""];
  const data = ['.section .rodata, "a"'];
  for (const [index, module] of modules.entries()) {
    table.push(`extern const unsigned char embedded_data_${index}[];`);
    data.push(".balign 16", `.global embedded_data_${index}`, `embedded_data_${index}:`);
    const file = packed[index] === null ? module.bytecode : packedPath(module);
    data.push(`.incbin "${file.slice(file.lastIndexOf("/") + 1)}"`);
  }
  table.push("", "const struct embedded_module embedded_modules[] = {");
  for (const [index, module] of modules.entries()) {
    const size = readFileSync(module.bytecode).length;
    const length = packed[index]?.length ?? 0;
    table.push(`  {"${module.name}", embedded_data_${index}, ${size}, ${length}, ${module.isLzma ? 1 : 0}},`);
  }
  /* An empty table is no C, and its count is what is looked at. */
  if (modules.length === 0) table.push("  {0, 0, 0, 0, 0},");
  table.push("};", "", `const unsigned embedded_module_count = ${modules.length};`, "");
  table.push(`const char embedded_build[] = "${buildOf(modules)}";`, "");
  data.push('.section .note.GNU-stack, "", %progbits', "");
  const paths = { table: join(folder, "embedded-table.c"), data: join(folder, "embedded-data.S") };
  writeChanged(paths.table, table.join("\n"));
  writeChanged(paths.data, data.join("\n"));
  const inputs = modules.map((module, index) => (packed[index] === null ? module.bytecode : packedPath(module)));
  return { ...paths, inputs };
}
