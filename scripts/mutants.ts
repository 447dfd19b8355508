/*
 * `npm run mutants [-- FILE ...] [-- --sample 200]`: tries what tests say to an engine in which one expression is
 * another one. See tests/mutants/main.ts.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { run, type Tools } from "./run.ts";

export async function mutantsCommand(tools: Tools, words: string[]): Promise<number> {
  tools.unlock();
  const outfile = join(tools.root, ".cache/mutants/main.mjs");
  await build({
    entryPoints: [join(tools.root, "tests/mutants/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    outfile,
    logLevel: "error",
  });
  const { code } = await run(process.execPath, [outfile, ...words], { cwd: tools.root, inherit: true });
  return code;
}
