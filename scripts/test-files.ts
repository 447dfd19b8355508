/*
 * The test files written in TypeScript: which there are, their bundling in one go, and running one of them.
 *
 * Each file is a process of its own, so that a crash or a global of one is no trouble of another.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BuildFailure, type BuildOptions, build, formatMessages } from "esbuild";

export interface TestOutcome {
  title: string;
  result: "passed" | "failed" | "skipped";
  detail: string;
  ms: number;
}

export interface FileResult {
  file: string;
  outcomes: TestOutcome[];
  /** What the file printed. */
  output: string;
  /** Why the file as a whole failed. */
  problem: string;
  ms: number;
}

const TEST_FOLDERS = ["contract", "scripts", "sim", "src", "tests", "tools"];
/** Where tests start processes: one file after the other, and nothing may be left behind. */
const PROCESS_FOLDERS = ["tests/process/", "tests/boot/"];

/** All test files, as paths from the project's folder. */
export function findTests(root: string): string[] {
  const folders = TEST_FOLDERS.filter((folder) => existsSync(join(root, folder)));
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
    )
    .filter((path) => /\.test\.(ts|c)$/.test(path))
    .sort();
}

export function isProcessTest(path: string): boolean {
  return PROCESS_FOLDERS.some((folder) => path.startsWith(folder));
}

/** Tests that boot virtual machines: one file after the other, nothing else beside them. */
export function isVmTest(path: string): boolean {
  return path.startsWith("tests/vm/");
}

export function isLongTest(path: string): boolean {
  return /\.long\.test\.(ts|c)$/.test(path);
}

/** Each run of the tests has a folder of its own: two at once do not change each other's files. */
function bundleFolder(root: string): string {
  return join(root, ".cache/tests", `${process.pid}`);
}

function bundlePath(root: string, file: string): string {
  return join(bundleFolder(root), file.replace(/\.ts$/, ".mjs"));
}

/** Removes the bundles of this run, and of runs that were interrupted. */
export function removeBundles(root: string): void {
  const folder = join(root, ".cache/tests");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name === `${process.pid}` || !existsSync(`/proc/${name}`)) rmSync(join(folder, name), { recursive: true });
  }
}

/** Bundles the files, and the reporter that their processes load. True, or what the bundler complains about. */
export async function bundleTests(root: string, files: string[]): Promise<true | string> {
  removeBundles(root);
  const options: BuildOptions = {
    absWorkingDir: root,
    entryPoints: [...files, "scripts/test-reporter.ts"],
    outdir: bundleFolder(root),
    outbase: ".",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    loader: { ".yml": "text", ".txt": "text" },
    outExtension: { ".js": ".mjs" },
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "silent",
  };
  try {
    await build(options);
    return true;
  } catch (error) {
    const texts = await formatMessages((error as BuildFailure).errors, { kind: "error" });
    return `cannot bundle the tests\n${texts.join("").trim()}`;
  }
}

/** A line such as `// limit: 300 s` in a file's head gives it more time than usual. */
export function timeLimitMs(text: string, usual: number): number {
  const found = /^(?:\/\/|\/\*| \*) limit: (\d+) s\b/m.exec(text.slice(0, 2000));
  return found === null ? usual : Number(found[1]) * 1000;
}

export interface RunSetting {
  root: string;
  env: NodeJS.ProcessEnv;
  limitMs: number;
  /** Program before node, such as what finds processes that were left behind. */
  wrapper: string[];
}

function readOutcomes(path: string): TestOutcome[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as TestOutcome);
}

/** Runs one test file to its end or its time limit. */
export function runTestFile(file: string, setting: RunSetting): Promise<FileResult> {
  const started = Date.now();
  const bundle = bundlePath(setting.root, file);
  const report = `${bundle}.${process.pid}.results`;
  const limitMs = timeLimitMs(readFileSync(join(setting.root, file), "utf8"), setting.limitMs);
  rmSync(report, { force: true });
  mkdirSync(join(bundle, ".."), { recursive: true });
  const words = [
    ...setting.wrapper,
    process.execPath,
    "--enable-source-maps",
    "--no-warnings",
    `--test-reporter=${bundlePath(setting.root, "scripts/test-reporter.ts")}`,
    `--test-reporter-destination=${report}`,
    bundle,
  ];
  return new Promise((resolve) => {
    const child = spawn(words[0] as string, words.slice(1), {
      cwd: setting.root,
      env: setting.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGTERM");
    }, limitMs);
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => output.push(bytes));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const outcomes = readOutcomes(report);
      rmSync(report, { force: true });
      const ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const failed = outcomes.some((outcome) => outcome.result === "failed");
      let problem = "";
      if (late) problem = `not done after ${limitMs / 1000} s`;
      else if (code === 97) problem = "it left processes behind";
      else if (code !== 0 && !failed) problem = `it ended with ${ended}`;
      else if (outcomes.length === 0) problem = "it holds no test";
      resolve({ file, outcomes, output: Buffer.concat(output).toString(), problem, ms: Date.now() - started });
    });
  });
}
