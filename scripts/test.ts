/*
 * `npm test [PATTERN ...]`: builds, checks the tree, then runs the tests from the fast to the slow: unit, C, process.
 * A pattern runs only the test files whose paths hold it. `npm run test:long` runs the files named *.long.test.*.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buildVariant, openWorkshop, type Workshop } from "./build.ts";
import { compileAll } from "./c-objects.ts";
import { checkTree } from "./check.ts";
import { link } from "./link.ts";
import { preparePrograms } from "./programs.ts";
import { Failure, inParallel, type Tools } from "./run.ts";
import { buildChildren, buildCTests, type CProgram, runCTests } from "./test-c.ts";
import { bundleTests, type FileResult, findTests, isLongTest, isProcessTest, runTestFile } from "./test-files.ts";
import { compileFlags } from "./toolchain.ts";

const UNIT_LIMIT_MS = 60_000;
const PROCESS_LIMIT_MS = 180_000;

interface Stage {
  name: string;
  ok: boolean;
  summary: string;
  ms: number;
  results: FileResult[];
}

function isFailed(result: FileResult): boolean {
  return result.problem !== "" || result.outcomes.some((outcome) => outcome.result === "failed");
}

function summarise(results: FileResult[]): string {
  const outcomes = results.flatMap((result) => result.outcomes);
  const count = (kind: string): number => outcomes.filter((outcome) => outcome.result === kind).length;
  const failed = Math.max(count("failed"), results.filter(isFailed).length);
  const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
  return `${count("passed")} passed in ${results.length} files${skipped}${failed > 0 ? `, ${failed} FAILED` : ""}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Runs one stage and prints its line. What it throws in our own words is its failure; the next stages run all the same. */
async function stage(name: string, work: () => Promise<{ results?: FileResult[]; summary?: string }>): Promise<Stage> {
  const started = Date.now();
  let line: Omit<Stage, "ms" | "name">;
  try {
    const { results = [], summary } = await work();
    line = { ok: !results.some(isFailed), summary: summary ?? summarise(results), results };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    line = { ok: false, summary: error.message, results: [] };
  }
  const ms = Date.now() - started;
  console.log(`${line.ok ? "ok  " : "FAIL"} ${name.padEnd(8)} ${seconds(ms).padStart(8)}  ${line.summary}`);
  return { name, ms, ...line };
}

function printFailures(stages: Stage[]): void {
  for (const result of stages.flatMap((one) => one.results).filter(isFailed)) {
    console.log(`\n--- ${result.file}${result.problem === "" ? "" : `: ${result.problem}`}`);
    for (const outcome of result.outcomes) {
      if (outcome.result === "failed")
        console.log(`FAILED ${outcome.title}\n${outcome.detail}`.replaceAll("\n", "\n  "));
    }
    const lines = result.output.trimEnd().split("\n");
    if (result.output.trim() === "") continue;
    const left = lines.length > 200 ? `  (${lines.length - 200} lines before)\n` : "";
    console.log(`output:\n${left}  ${lines.slice(-200).join("\n  ")}`);
  }
}

function printSkipped(stages: Stage[]): void {
  for (const result of stages.flatMap((one) => one.results)) {
    for (const outcome of result.outcomes) {
      if (outcome.result === "skipped") console.log(`skipped: ${result.file}: ${outcome.title}: ${outcome.detail}`);
    }
  }
}

/** The program that finds what a test leaves behind. */
async function buildReaper(shop: Workshop): Promise<string> {
  const part = {
    compiler: shop.tools.musl,
    source: join(shop.root, "scripts/reap-rest.c"),
    object: join(shop.root, ".cache/objects/reap-rest.o"),
    flags: compileFlags(shop.tools, shop.sources, "release", "ours"),
  };
  await compileAll([part], shop.tools.version);
  await link(shop, join(shop.root, ".cache/reap-rest"), [part], "release");
  return join(shop.root, ".cache/reap-rest");
}

function childSources(root: string): string[] {
  const folder = join(root, "tests/children");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => `tests/children/${name}`);
}

interface Built {
  shop: Workshop;
  reaper: string;
  cPrograms: CProgram[];
  /** What process tests find in their environment. */
  env: NodeJS.ProcessEnv;
}

/** All programs that the chosen tests use. */
async function buildAll(tools: Tools, files: string[]): Promise<Built> {
  const shop = await openWorkshop(tools);
  const reaper = await buildReaper(shop);
  const env: NodeJS.ProcessEnv = { ...process.env, GONIT_TEST_RUN: randomUUID() };
  const cPrograms = await buildCTests(
    shop,
    files.filter((file) => file.endsWith(".c")),
  );
  const chosen = files.filter(isProcessTest);
  if (chosen.length === 0) return { shop, reaper, cPrograms, env };
  env.GONIT_CHILDREN = await buildChildren(shop, childSources(tools.root));
  env.GONIT_BINARY = await buildVariant(shop, "release");
  env.GONIT_HOOKS_BINARY = await buildVariant(shop, "hooks");
  /* Slow to build, and few tests use it. */
  if (chosen.some((file) => readFileSync(join(tools.root, file), "utf8").includes("GONIT_SANITIZE_BINARY"))) {
    env.GONIT_SANITIZE_BINARY = await buildVariant(shop, "sanitize");
  }
  return { shop, reaper, cPrograms, env };
}

/** The stages that the chosen files need, in their order. */
async function runStages(tools: Tools, files: string[], whole: boolean): Promise<Stage[]> {
  const scripts = files.filter((file) => file.endsWith(".ts"));
  const unit = scripts.filter((file) => !isProcessTest(file));
  const processes = scripts.filter(isProcessTest);
  const cTests = files.filter((file) => file.endsWith(".c"));
  const stages: Stage[] = [];
  let built: Built | undefined;
  if (whole || cTests.length > 0 || processes.length > 0) {
    stages.push(
      await stage("build", async () => {
        built = await buildAll(tools, files);
        return { summary: whole ? "release, hooks, children" : "what the chosen tests use" };
      }),
    );
  }
  if (whole) stages.push(await stage("check", async () => ({ summary: await checkTree(tools) })));
  if (scripts.length > 0) await bundleTests(tools.root, scripts);
  tools.unlock();
  const setting = { root: tools.root, env: built?.env ?? process.env };
  if (unit.length > 0) {
    const run = (file: string): Promise<FileResult> =>
      runTestFile(file, { ...setting, limitMs: UNIT_LIMIT_MS, wrapper: [] });
    stages.push(await stage("unit", async () => ({ results: await inParallel(unit, availableParallelism(), run) })));
  }
  if (built === undefined) return stages;
  const { shop, reaper, cPrograms } = built;
  if (cTests.length > 0)
    stages.push(await stage("C", async () => ({ results: await runCTests(shop, cPrograms, reaper) })));
  if (processes.length > 0) {
    const run = (file: string): Promise<FileResult> =>
      runTestFile(file, { ...setting, limitMs: PROCESS_LIMIT_MS, wrapper: [reaper] });
    stages.push(await stage("process", async () => ({ results: await inParallel(processes, 1, run) })));
  }
  return stages;
}

async function runTests(tools: Tools, files: string[], whole: boolean): Promise<number> {
  const started = Date.now();
  await preparePrograms(tools, { tests: whole || files.some((file) => file.endsWith(".c")) });
  const stages = await runStages(tools, files, whole);
  printSkipped(stages);
  printFailures(stages);
  const failed = stages.filter((one) => !one.ok).map((one) => one.name);
  const total = seconds(Date.now() - started);
  console.log(failed.length === 0 ? `\nAll tests passed in ${total}.` : `\nFAILED: ${failed.join(", ")} (${total}).`);
  return failed.length === 0 ? 0 : 1;
}

function choose(files: string[], patterns: string[]): string[] {
  const chosen = patterns.length === 0 ? files : files.filter((file) => patterns.some((word) => file.includes(word)));
  if (chosen.length === 0) throw new Failure(`no test file's path holds ${patterns.join(" or ")}`);
  return chosen;
}

export async function testCommand(tools: Tools, patterns: string[]): Promise<number> {
  const files = findTests(tools.root).filter((file) => !isLongTest(file));
  return await runTests(tools, choose(files, patterns), patterns.length === 0);
}

export async function testLongCommand(tools: Tools, patterns: string[]): Promise<number> {
  const files = findTests(tools.root).filter(isLongTest);
  if (files.length === 0) throw new Failure("there are no *.long.test.* files");
  return await runTests(tools, choose(files, patterns), false);
}
