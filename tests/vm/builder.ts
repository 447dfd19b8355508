/** The image builder as tests run it: the script itself, with the gonit of the tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ImageManifest } from "../../scripts/image/manifest.ts";
import { folderFor } from "./vm.ts";

export interface Built {
  code: number | null;
  output: string;
}

export interface BuildOptions {
  /** The project's folder; the tests run in theirs. */
  root?: string;
  environment?: NodeJS.ProcessEnv;
  /** Programs before node. */
  wrapper?: string[];
}

/** A folder with a configuration and files beside it. */
export function configurationFor(t: TestContext, text: string, files: Record<string, string> = {}): string {
  const folder = folderFor(t);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o644 });
  writeFileSync(join(folder, "config.yml"), text);
  return join(folder, "config.yml");
}

/** Starts a build. */
export function startBuild(
  words: string[],
  options: BuildOptions = {},
): { child: ChildProcess; ended: Promise<Built> } {
  const gonit = process.env.GONIT_BINARY ?? "";
  const all = [process.execPath, "scripts/setup.mjs", "image", "--binary", gonit, ...words];
  const [program = "", ...rest] = [...(options.wrapper ?? []), ...all];
  const child = spawn(program, rest, {
    cwd: options.root ?? process.cwd(),
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const ended = new Promise<Built>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  return { child, ended };
}

/** Builds to the end; an error with its output when it fails. */
export async function build(words: string[], options: BuildOptions = {}): Promise<string> {
  const { code, output } = await startBuild(words, options).ended;
  if (code !== 0) throw new Error(`the build ended with ${code}:\n${output}`);
  return output;
}

/** Hashes of the files by name, as the manifest has them. */
export function hashesOf(manifest: ImageManifest): Record<string, string> {
  return Object.fromEntries(manifest.images.map(({ file, sha256 }) => [file, sha256]));
}

/** Copies what a build needs of the project into a folder, as a clone on another machine would have it. */
export function copyProject(folder: string): void {
  const parts = [
    "package.json",
    "package-lock.json",
    "scripts",
    "contract",
    "examples",
    "node_modules/.made-from",
    "node_modules/modern-tar",
    "node_modules/esbuild",
    "node_modules/@esbuild",
    ".cache/kernel",
    ".cache/debian",
  ];
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  for (const part of parts) cpSync(part, join(folder, part), { recursive: true, verbatimSymlinks: true });
}
