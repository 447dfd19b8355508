/*
 * `npm test [PATTERN ...]`: builds, checks the tree, then runs the tests from the fast to the slow: unit, C, process,
 * vm (virtual machines).
 * A pattern runs only the test files whose paths hold it. `npm run test:long` runs the files named *.long.test.*.
 */
import { availableParallelism } from "node:os";
import { buildBenchPrograms } from "./bench.ts";
import { checkTree } from "./check.ts";
import { preparePrograms } from "./programs.ts";
import { Failure, inParallel, type Tools } from "./run.ts";
import { runCTests } from "./test-c.ts";
import {
  bundleTests,
  type FileResult,
  findTests,
  isLongTest,
  isProcessTest,
  isVmTest,
  removeBundles,
  runTestFile,
} from "./test-files.ts";
import { buildPrograms, openWorkbench, type Programs, vmPrograms, type Workbench } from "./test-programs.ts";

const UNIT_LIMIT_MS = 60_000;
const PROCESS_LIMIT_MS = 180_000;
const VM_LIMIT_MS = 300_000;

/** Tests of machines build images of every format, and look at them with other programs. */
const VM_PURPOSES = ["vm", "image", "ext4", "qcow2", "erofs", "disk", "firmware", "oci"] as const;

interface Stage {
  name: string;
  ok: boolean;
  summary: string;
  ms: number;
  results: FileResult[];
}

interface Outcome {
  results?: FileResult[];
  summary?: string;
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
async function stage(name: string, work: () => Promise<Outcome>): Promise<Stage> {
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

/** Lines `figures: …` that tests have printed: what they have tried, and how much of it. */
function printFigures(stages: Stage[]): void {
  for (const { file, output } of stages.flatMap((one) => one.results)) {
    for (const line of output.split("\n")) if (line.startsWith("figures: ")) console.log(`${file}: ${line.slice(9)}`);
  }
}

function printSkipped(stages: Stage[]): void {
  for (const result of stages.flatMap((one) => one.results)) {
    for (const outcome of result.outcomes) {
      if (outcome.result === "skipped") console.log(`skipped: ${result.file}: ${outcome.title}: ${outcome.detail}`);
    }
  }
}

/** The stages that the chosen files need, in their order. The lock goes when nothing is built any more. */
async function runStages(tools: Tools, files: string[], whole: boolean): Promise<Stage[]> {
  const scripts = files.filter((file) => file.endsWith(".ts"));
  const machines = scripts.filter(isVmTest);
  const unit = scripts.filter((file) => !isProcessTest(file) && !isVmTest(file));
  const processes = scripts.filter(isProcessTest);
  const cTests = files.filter((file) => file.endsWith(".c"));
  const stages: Stage[] = [];
  const add = async (name: string, work: () => Promise<Outcome>): Promise<boolean> => {
    const one = await stage(name, work);
    stages.push(one);
    return one.ok;
  };
  let workbench: Workbench | undefined;
  let programs: Programs | undefined;
  const needsPrograms = whole || processes.length > 0 || machines.length > 0;
  if (needsPrograms || cTests.length > 0) workbench = await openWorkbench(tools, cTests);
  if (workbench !== undefined && needsPrograms) {
    const { shop } = workbench;
    await add("build", async () => {
      programs = await buildPrograms(shop, [...processes, ...machines]);
      if (machines.length > 0) Object.assign(programs, await vmPrograms(tools, machines));
      if (whole) await buildBenchPrograms(shop);
      return { summary: Object.keys(programs).join(" ") };
    });
  }
  if (whole) await add("check", async () => ({ summary: await checkTree(tools) }));
  const bundled = scripts.length === 0 || (await bundleTests(tools.root, scripts));
  tools.unlock();
  const env = { ...process.env, ...programs };
  const each = async (chosen: string[], width: number, limitMs: number, wrapper: string[]): Promise<Outcome> => {
    if (bundled !== true) throw new Failure(bundled);
    const setting = { root: tools.root, env, limitMs, wrapper };
    return { results: await inParallel(chosen, width, (file) => runTestFile(file, setting)) };
  };
  if (unit.length > 0) await add("unit", () => each(unit, availableParallelism(), UNIT_LIMIT_MS, []));
  if (workbench === undefined) return stages;
  const { shop, reaper, cPrograms } = workbench;
  if (cTests.length > 0) await add("C", async () => ({ results: await runCTests(shop, cPrograms, reaper) }));
  if (programs !== undefined && processes.length > 0) {
    await add("process", () => each(processes, 1, PROCESS_LIMIT_MS, [reaper]));
  }
  if (programs !== undefined && machines.length > 0) {
    await add("vm", () => each(machines, 1, VM_LIMIT_MS, [reaper]));
  }
  return stages;
}

async function runTests(tools: Tools, files: string[], whole: boolean): Promise<number> {
  const started = Date.now();
  const needsPrograms = files.some((file) => /\.c$|^scripts\/(image\/|elf)/.test(file) || isProcessTest(file));
  await preparePrograms(tools, [
    ...(whole || needsPrograms ? (["tests", "ext4"] as const) : []),
    ...(files.some(isVmTest) ? VM_PURPOSES : []),
  ]);
  const stages = await runStages(tools, files, whole);
  removeBundles(tools.root);
  printFigures(stages);
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
