/* `npm run docs`: what is generated from the definitions in src (tools/docs), and whether it is fresh. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildFailure, build, formatMessages } from "esbuild";
import { Failure, type Tools } from "./run.ts";

interface Generator {
  generatedFiles(root: string): Promise<Map<string, string>>;
}

/** Bundles the generator, which imports what it tells of, and loads it. */
async function loadGenerator(root: string): Promise<Generator> {
  const outfile = join(root, ".cache/docs/main.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["tools/docs/main.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    loader: { ".yml": "text", ".txt": "text" },
    logLevel: "silent",
  }).catch(async (error: BuildFailure) => {
    const texts = await formatMessages(error.errors, { kind: "error" });
    throw new Failure(`cannot bundle tools/docs\n${texts.join("").trim()}`);
  });
  return await import(pathToFileURL(outfile).href);
}

/** The files that are not what they should be, with what they should be. */
async function staleFiles(root: string): Promise<Map<string, string>> {
  const files = await (await loadGenerator(root)).generatedFiles(root);
  const isFresh = (path: string, text: string): boolean => {
    return existsSync(join(root, path)) && readFileSync(join(root, path), "utf8") === text;
  };
  return new Map([...files].filter(([path, text]) => !isFresh(path, text)));
}

/** Complaints of `npm run check`. */
export async function checkDocs(root: string): Promise<string[]> {
  return [...(await staleFiles(root)).keys()].map((path) => `${path} is stale: npm run docs`);
}

export async function docsCommand(tools: Tools): Promise<number> {
  const stale = await staleFiles(tools.root);
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(tools.root, path)), { recursive: true });
    writeFileSync(join(tools.root, path), text);
  }
  console.log(stale.size === 0 ? "The generated pages are fresh." : `Wrote ${[...stale.keys()].join(", ")}.`);
  return 0;
}
