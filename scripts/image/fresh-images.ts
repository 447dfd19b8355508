/* Whether dist/image is what a build would make now: `npm run vm` builds again what is stale, as `npm start` does. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tools } from "../run.ts";
import { buildImages } from "./image.ts";
import { MANIFEST } from "./manifest.ts";
import { readImageOptions } from "./options.ts";

/** What gonit and the builder are made from, and the example that is built without a word. */
const INPUTS = ["package.json", "package-lock.json", "contract", "host", "scripts", "src", "examples"];

function recordPath(tools: Tools): string {
  return join(tools.root, ".cache/image-built-from");
}

/** Notes that dist/image was built with these words from the tree as it is. */
export async function recordBuild(tools: Tools, words: readonly string[]): Promise<void> {
  const hash = await tools.hashFiles(INPUTS);
  writeFileSync(recordPath(tools), JSON.stringify({ hash, words }));
}

/**
 * Builds dist/image when there is none, or when it was built by `npm run image` from a tree that has changed since; with
 * the words of that time. Files outside the tree are not watched.
 */
export async function freshImages(tools: Tools): Promise<void> {
  const path = recordPath(tools);
  const record = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as { hash: string; words: string[] })
    : { hash: "", words: [] };
  const there = existsSync(join(tools.root, "dist/image", MANIFEST));
  if (there && record.hash === (await tools.hashFiles(INPUTS))) return;
  rmSync(path, { force: true });
  await buildImages(tools, readImageOptions(record.words));
  await recordBuild(tools, record.words);
}
