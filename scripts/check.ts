/*
 * `npm run check`: proves the tree without running it. Types, lint and format, import directions, a pure engine, fresh
 * generated files, dead files, long files, names of files in documents and comments, words that may not stand here.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkImports, checkPurity } from "./check-imports.ts";
import { checkExceptions, checkLength, checkNames, checkWords } from "./check-texts.ts";
import { staleContractFiles } from "./contract-files.ts";
import { checkDocs } from "./docs.ts";
import { Failure, mustRun, run, type Tools } from "./run.ts";

/** A check: its complaints, each with the fix; none when all is well. */
type Check = (root: string) => Promise<string[]>;

function binary(root: string, name: string): string {
  return join(root, "node_modules/.bin", name);
}

/** A tool that prints its complaints itself. */
async function complaintsOf(root: string, what: string, words: string[]): Promise<string[]> {
  const [name = "", ...rest] = words;
  const result = await run(binary(root, name), rest, {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1" },
  });
  return result.code === 0 ? [] : [`${what}\n${result.output.trim()}`];
}

/** Files of the project as git sees them, with those that are not added yet. */
async function projectFiles(root: string): Promise<string[]> {
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const text = await mustRun("list the project's files", "git", words, { cwd: root });
  return text
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)) && statSync(join(root, path)).isFile());
}

async function checkTexts(root: string): Promise<string[]> {
  const files = await projectFiles(root);
  const exists = (path: string): boolean => existsSync(join(root, path));
  const complaints = checkExceptions(new Set(files));
  for (const file of files) {
    const bytes = readFileSync(join(root, file));
    if (bytes.includes(0)) continue;
    const text = bytes.toString();
    complaints.push(...checkWords(file, text), ...checkLength(file, text), ...checkNames(file, text, exists));
    if (file.endsWith(".ts")) complaints.push(...checkImports(file, text), ...checkPurity(file, text));
  }
  return complaints;
}

/** Of knip's findings those that are always a mistake. Exports that nobody imports yet are not: tests come to them. */
const DEAD = "files,dependencies,unlisted,unresolved,binaries";

const CHECKS: { [name: string]: Check } = {
  "types of src": (root) =>
    complaintsOf(root, "tsc -p tsconfig.json", ["tsc", "-p", "tsconfig.json", "--pretty", "false"]),
  "types of tools": (root) =>
    complaintsOf(root, "tsc -p tsconfig.node.json", ["tsc", "-p", "tsconfig.node.json", "--pretty", "false"]),
  lint: (root) =>
    complaintsOf(root, "biome check (npm run format repairs most of it)", [
      "biome",
      "check",
      "--error-on-warnings",
      ".",
    ]),
  "dead code": (root) => complaintsOf(root, "knip", ["knip", "--no-progress", "--no-config-hints", "--include", DEAD]),
  "generated files": async (root) => staleContractFiles(root).map((path) => `${path} is stale: npm run contract`),
  "generated pages": checkDocs,
  texts: checkTexts,
};

/** Runs all checks; a summary, or a failure that tells every complaint. */
export async function checkTree(tools: Tools): Promise<string> {
  const names = Object.keys(CHECKS);
  const results = await Promise.all(names.map((name) => (CHECKS[name] as Check)(tools.root)));
  const failed = names.filter((_, index) => (results[index] ?? []).length > 0);
  if (failed.length === 0) return names.join(", ");
  throw new Failure(`the tree is not in order: ${failed.join(", ")}\n${results.flat().join("\n")}`);
}

export async function checkCommand(tools: Tools): Promise<number> {
  const started = Date.now();
  const summary = await checkTree(tools);
  console.log(`All in order: ${summary} (${((Date.now() - started) / 1000).toFixed(1)} s).`);
  return 0;
}

/** `npm run format`: formats, sorts imports, and makes the repairs that lint knows to be safe. */
export async function formatCommand(tools: Tools, words: string[]): Promise<number> {
  const paths = words.length > 0 ? words : ["."];
  const result = await run(binary(tools.root, "biome"), ["check", "--write", ...paths], {
    cwd: tools.root,
    inherit: true,
  });
  return result.code;
}
