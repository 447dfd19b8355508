/*
 * The tests written in C, `*.test.c` in tests/host, and the small programs that process tests start, tests/children/.
 *
 * The head of either names what it is linked with: `// with: spawn.c tree.c`; `engine` and `yaml` there stand for the
 * whole of the script engine and of libyaml. A test runs under the address and undefined-behaviour sanitizers; with a line
 * `// valgrind` once more, built plainly, under valgrind.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { engineCompilations, type Workshop, yamlCompilations } from "./build.ts";
import { type Compilation, compileAll, compileEach } from "./c-objects.ts";
import { link } from "./link.ts";
import { Failure, inParallel, run } from "./run.ts";
import { type FileResult, timeLimitMs } from "./test-files.ts";
import { compileFlags, type Variant } from "./toolchain.ts";

interface CTest {
  file: string;
  /** Sources of host/ by name, "engine", "yaml". */
  parts: string[];
  valgrind: boolean;
  limitMs: number;
}

export function parseHead(file: string, text: string): CTest {
  const head = text.slice(0, 2000);
  const parts = /^\/\/ with: (.*)$/m.exec(head)?.[1]?.split(/\s+/) ?? [];
  return {
    file,
    parts: parts.filter((part) => part !== ""),
    valgrind: /^\/\/ valgrind\s*$/m.test(head),
    limitMs: timeLimitMs(head, 60_000),
  };
}

/** What a test is linked from, in one of its two builds. */
function compilations(shop: Workshop, test: CTest, variant: Variant): Compilation[] {
  const flags = compileFlags(shop.tools, shop.sources, variant, "ours");
  const folder = join(shop.root, ".cache/objects", `tests-${variant}`);
  const own = (source: string): Compilation => ({
    compiler: shop.tools.gcc,
    source: join(shop.root, source),
    object: join(folder, `${source.replaceAll("/", "+")}.o`),
    flags: [...flags, `-DGONIT_VERSION="${shop.version}"`, "-DGONIT_TEST_HOOKS"],
  });
  const parts = test.parts.filter((part) => part !== "engine" && part !== "yaml").map((part) => own(`host/${part}`));
  if (test.parts.includes("engine")) parts.push(...engineCompilations(shop, variant));
  if (test.parts.includes("yaml")) parts.push(...yamlCompilations(shop, variant));
  return [own(test.file), ...parts];
}

/** Whether LeakSanitizer works here: it needs ptrace(2), which some containers refuse. */
async function leaksCanBeFound(shop: Workshop): Promise<boolean> {
  const source = join(shop.root, ".cache/leak-probe.c");
  if (!existsSync(source)) writeFileSync(source, "int main(void) { return 0; }\n");
  const probe: Compilation = {
    compiler: shop.tools.gcc,
    source,
    object: join(shop.root, ".cache/objects/leak-probe.o"),
    flags: ["-fsanitize=address"],
  };
  await compileAll([probe], shop.tools.version);
  const program = join(shop.root, ".cache/leak-probe");
  await link(shop, program, [probe], "sanitize");
  return (await run(program, [])).code === 0;
}

async function runOnce(shop: Workshop, test: CTest, words: string[], env: NodeJS.ProcessEnv): Promise<FileResult> {
  const started = Date.now();
  const limit = `${test.limitMs / 1000}`;
  const result = await run("timeout", ["-k", "5", limit, ...words], { cwd: shop.root, env });
  const ms = Date.now() - started;
  const ok = result.code === 0;
  const problem = ok ? "" : result.code === 124 ? `not done after ${limit} s` : `it ended with ${result.code}`;
  const title = words.includes("valgrind") ? "under valgrind" : "under sanitizers";
  return {
    file: test.file,
    outcomes: [{ title, result: ok ? "passed" : "failed", detail: problem, ms }],
    output: result.output,
    problem: "",
    ms,
  };
}

/** A test in one of its builds, or why it cannot be built. */
export interface CProgram {
  test: CTest;
  variant: Variant;
  path: string;
  problem: string;
}

/** Builds all that can be built: one test that does not compile is its own failure. */
export async function buildCTests(shop: Workshop, files: string[]): Promise<CProgram[]> {
  const tests = files.map((file) => parseHead(file, readFileSync(join(shop.root, file), "utf8")));
  const builds = tests.flatMap((test) => {
    const variants: Variant[] = test.valgrind ? ["sanitize", "plain"] : ["sanitize"];
    return variants.map((variant) => ({ test, variant, parts: compilations(shop, test, variant) }));
  });
  const unique = new Map(builds.flatMap((build) => build.parts).map((part) => [part.object, part]));
  const failed = await compileEach([...unique.values()], shop.tools.version);
  return await inParallel(builds, availableParallelism(), async ({ test, variant, parts }) => {
    const path = join(shop.root, ".cache/c-tests", variant, basename(test.file, ".test.c"));
    let problem = parts.flatMap((part) => failed.get(part.object) ?? []).join("\n");
    if (problem === "") {
      try {
        await link(shop, path, parts, variant);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        problem = error.message;
      }
    }
    return { test, variant, path, problem };
  });
}

const VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"];

/** Runs the tests; a result for each run. What a test leaves behind is its failure: see reap-rest.c. */
export async function runCTests(shop: Workshop, programs: CProgram[], reaper: string): Promise<FileResult[]> {
  const leaks = await leaksCanBeFound(shop);
  if (!leaks) console.error("notice: leaks are not looked for: LeakSanitizer cannot trace processes here");
  const env = {
    ...process.env,
    ASAN_OPTIONS: `detect_leaks=${leaks ? 1 : 0}`,
    UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  };
  return await inParallel(programs, availableParallelism(), async ({ test, variant, path, problem }) => {
    if (problem !== "") return { file: test.file, outcomes: [], output: problem, problem: "it cannot be built", ms: 0 };
    return await runOnce(shop, test, [reaper, ...(variant === "plain" ? VALGRIND : []), path], env);
  });
}

/** One of the programs that tests start, with the parts of gonit that its head names. */
function childCompilations(shop: Workshop, file: string): Compilation[] {
  const flags = compileFlags(shop.tools, shop.sources, "release", "ours");
  const own = (source: string, object: string, more: string[]): Compilation => ({
    compiler: shop.tools.musl,
    source: join(shop.root, source),
    object: join(shop.root, ".cache/objects", object),
    flags: [...flags, ...more],
  });
  const { parts } = parseHead(file, readFileSync(join(shop.root, file), "utf8"));
  const host = parts.filter((part) => part !== "engine" && part !== "yaml");
  return [
    own(file, `children/${basename(file)}.o`, []),
    ...host.map((part) => own(`host/${part}`, `release/${part}.o`, [`-DGONIT_VERSION="${shop.version}"`])),
    ...(parts.includes("engine") ? engineCompilations(shop, "release") : []),
    ...(parts.includes("yaml") ? yamlCompilations(shop, "release") : []),
  ];
}

/** Compiles the programs that tests start: static, so that they run in any root. Their folder. */
export async function buildChildren(shop: Workshop, files: string[]): Promise<string> {
  const folder = join(shop.root, ".cache/children");
  mkdirSync(folder, { recursive: true });
  const programs = files.map((file) => ({ name: basename(file, ".c"), parts: childCompilations(shop, file) }));
  const unique = new Map(programs.flatMap(({ parts }) => parts).map((part) => [part.object, part]));
  await compileAll([...unique.values()], shop.tools.version);
  for (const { name, parts } of programs) await link(shop, join(folder, name), parts, "release");
  return folder;
}
