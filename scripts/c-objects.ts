/*
 * Compiling C, each file once: an object is made again only when its source, one of its headers, its flags or the
 * compiler changed, by content. Beside `x.o` stands `x.json`, which names what the object was made from.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { Failure, limiter, type RunResult, run } from "./run.ts";

export interface Compilation {
  compiler: string;
  source: string;
  object: string;
  flags: string[];
  /** Files that the source takes in by other ways than #include. */
  inputs?: string[];
}

interface Record {
  command: string;
  inputs: { [path: string]: string };
}

const hashes = new Map<string, string>();

/** Hash of a file's content; empty when there is none. Read once a run. */
export function fileHash(path: string): string {
  let hash = hashes.get(path);
  if (hash === undefined) {
    hash = existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
    hashes.set(path, hash);
  }
  return hash;
}

/** A file that was written anew in this run. */
export function forgetHash(path: string): void {
  hashes.delete(path);
}

function readRecord(path: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record;
  } catch {
    return undefined;
  }
}

function isFresh(compilation: Compilation, command: string): boolean {
  const record = readRecord(`${compilation.object}.json`);
  if (record === undefined || record.command !== command || !existsSync(compilation.object)) return false;
  return Object.entries(record.inputs).every(([path, hash]) => fileHash(path) === hash);
}

/** Paths of a make rule as gcc -MMD writes it; a space in a path is escaped. */
export function dependencies(rule: string): string[] {
  const text = rule.replaceAll("\\\n", " ");
  const paths = text
    .slice(text.indexOf(": ") + 2)
    .trim()
    .split(/(?<!\\)\s+/);
  return paths.map((path) => path.replaceAll("\\ ", " ")).filter((path) => path !== "");
}

/** One compiler for each processor, however many ask at once. */
const slot = limiter(availableParallelism());

async function compile(compilation: Compilation, command: string): Promise<RunResult> {
  const { compiler, source, object, flags } = compilation;
  mkdirSync(dirname(object), { recursive: true });
  const made = `${object}.${process.pid}`;
  const result = await run(compiler, [...flags, "-MMD", "-MF", `${made}.d`, "-c", source, "-o", made]);
  if (result.code === 0) {
    const inputs = [...dependencies(readFileSync(`${made}.d`, "utf8")), ...(compilation.inputs ?? [])];
    const record: Record = { command, inputs: Object.fromEntries(inputs.map((path) => [path, fileHash(path)])) };
    renameSync(made, object);
    writeFileSync(`${object}.json`, JSON.stringify(record));
  }
  for (const path of [made, `${made}.d`]) rmSync(path, { force: true });
  return result;
}

/** Makes the objects that are not fresh; what the compiler said of those that cannot be made, by object. */
export async function compileEach(compilations: Compilation[], compilerVersion: string): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const one = async (compilation: Compilation): Promise<void> => {
    const command = [compilerVersion, compilation.compiler, ...compilation.flags, compilation.source].join("\n");
    if (isFresh(compilation, command)) return;
    const result = await slot(() => compile(compilation, command));
    const text = result.output.trim();
    if (result.code !== 0) failed.set(compilation.object, text);
    else if (text !== "") console.error(`${basename(compilation.source)}:\n${text}`);
  };
  await Promise.all(compilations.map(one));
  return failed;
}

/** The same where all must be made. Every error is told, not only the first file's. */
export async function compileAll(compilations: Compilation[], compilerVersion: string): Promise<void> {
  const failed = await compileEach(compilations, compilerVersion);
  if (failed.size > 0) throw new Failure(`cannot compile the C sources\n${[...failed.values()].join("\n")}`);
}
