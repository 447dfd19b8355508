/** Makes the mutants of src/engine with Stryker's instrumenter, all in one bundle, each behind a switch of its own. */

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { build, type Plugin } from "esbuild";

export interface Mutant {
  id: number;
  /** Without the folder. */
  file: string;
  /** Counted from 1; for people, it moves. */
  line: number;
  kind: string;
  /** Names the mutant wherever its line stands: file, text of the line, and what becomes of what. */
  key: string;
}

export interface Mutants {
  mutants: Mutant[];
  /** Bundles of worker.ts: with switches only, and with counting of what is reached. */
  plain: string;
  covering: string;
}

const folder = "src/engine";
/** Tests of others that say what is right in the engine. */
const otherTests = ["sim/planted.test.ts", "sim/simulate.test.ts", "src/runtime/turns.test.ts"];
const excerptMax = 70;

/** Instruments and bundles; the bundles are written to a folder inside of the project. */
export async function makeMutants(root: string, outFolder: string): Promise<Mutants> {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts"));
  const texts = new Map(
    names
      .filter((name) => !name.endsWith(".test.ts"))
      .sort()
      .map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), "utf8")]),
  );
  const files = [...texts].map(([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: true };
  const made = await new Instrumenter(silent).instrument(files, options);
  const sources = new Map(made.files.map(({ name, content }) => [name, content]));
  const seen = new Map<string, number>();
  const mutants = made.mutants.map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => {
    const lines = (texts.get(fileName) as string).split("\n");
    const original = cut(lines, start, end);
    const file = fileName.slice(folder.length + 1);
    const base = `${file} | ${lines[start.line]?.trim()} | ${excerpt(original)} -> ${excerpt(replacement)}`;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    const key = count === 1 ? base : `${base} | number ${count}`;
    return { id: Number(id), file, line: start.line + 1, kind: mutatorName, key };
  });
  mkdirSync(join(root, outFolder), { recursive: true });
  const unitTests = names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
  const tests = [...unitTests, ...otherTests];
  const [plain, covering] = await Promise.all([
    bundle(root, join(root, outFolder, "plain.mjs"), tests, withSwitches(sources, "0")),
    bundle(root, join(root, outFolder, "covering.mjs"), tests, withSwitches(sources, "coverMutants($1)")),
  ]);
  return { mutants, plain, covering };
}

interface Position {
  line: number;
  column: number;
}

function cut(lines: string[], start: Position, end: Position): string {
  if (start.line === end.line) return (lines[start.line] as string).slice(start.column, end.column);
  const middle = lines.slice(start.line + 1, end.line);
  return [lines[start.line]?.slice(start.column), ...middle, lines[end.line]?.slice(0, end.column)].join("\n");
}

function excerpt(code: string): string {
  const line = code.replace(/\s+/g, " ");
  return line.length <= excerptMax ? line : `${line.slice(0, excerptMax - 25)} ... ${line.slice(-20)}`;
}

/** The instrumenter's calls become a comparison of numbers, which costs little where no mutant is. */
function withSwitches(sources: Map<string, string>, cover: string): Map<string, string> {
  return new Map(
    [...sources].map(([name, content]) => [
      name,
      content
        .replace(/stryMutAct_9fa48\("(\d+)"\)/g, "(activeMutant === $1 && hitMutant())")
        .replace(/stryCov_9fa48\(([^)]*)\)/g, (_, ids: string) => cover.replace("$1", ids.replaceAll('"', ""))),
    ]),
  );
}

async function bundle(root: string, outfile: string, tests: string[], sources: Map<string, string>): Promise<string> {
  const instrumented: Plugin = {
    name: "instrumented",
    setup: ({ onLoad }) => {
      onLoad({ filter: /\/src\/engine\/[^/]+\.ts$/ }, ({ path }) => {
        const contents = sources.get(path.slice(root.length + 1));
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
  const contents = [...tests, "tests/mutants/worker.ts"].map((path) => `import "./${path}";\n`).join("");
  await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: { "node:test": join(root, "tests/mutants/collected-tests.ts") },
    inject: [join(root, "tests/mutants/switch.ts")],
    plugins: [instrumented],
    loader: { ".yml": "text", ".txt": "text" },
    logLevel: "error",
  });
  return outfile;
}

const silent = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
};
