/**
 * The written test set: tests/import/KIND/CASE holds another manager's files, and as text what becomes of them.
 * `UPDATE=1 npm test -- import/import` writes expected.yml and expected.notes anew, to be read as a diff.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FileTexts, memoryFiles } from "../../tests/config/memory-files.ts";
import { npmYaml } from "../../tests/config/yaml-events.ts";
import { type Imported, importFiles } from "./import.ts";
import { kinds } from "./kinds.ts";
import { notesText } from "./notes-text.ts";
import { Unusable } from "./sources.ts";

const root = "tests/import";
const expectedNames = ["expected.yml", "expected.notes", "expected.error", "arguments"];

function textsBelow(folder: string, shown: string, texts: FileTexts): FileTexts {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) textsBelow(path, `${shown}/${name}`, texts);
    else if (!expectedNames.includes(name)) texts[`${shown}/${name}`] = readFileSync(path);
  }
  return texts;
}

/** What to import: the file `arguments`, else the only file, else the folder. */
function argumentsOf(folder: string): string[] {
  const given = join(folder, "arguments");
  if (existsSync(given)) return readFileSync(given, "utf8").trim().split(/\s+/);
  const names = readdirSync(folder).filter((name) => !expectedNames.includes(name));
  const [only = "."] = names;
  return [names.length === 1 && !statSync(join(folder, only)).isDirectory() ? only : "."];
}

function importCase(kind: string, folder: string): Imported | string {
  const files = memoryFiles(textsBelow(folder, "/app", {}));
  const words = argumentsOf(folder);
  const from = words.includes("--from") ? (words.splice(words.indexOf("--from"), 2)[1] as Imported["kind"]) : null;
  const options = {
    paths: words,
    kind: from,
    workingDirectory: "/app",
    encodeUtf8: (text: string) => Buffer.from(text),
  };
  try {
    const imported = importFiles(options, files, npmYaml);
    assert.equal(imported.kind, kind);
    return imported;
  } catch (error) {
    if (error instanceof Unusable) return `${error.message}\n`;
    throw error;
  }
}

function compare(path: string, text: string | null): void {
  if (process.env.UPDATE === "1") {
    if (text !== null) writeFileSync(path, text);
    return;
  }
  assert.equal(existsSync(path) ? readFileSync(path, "utf8") : null, text, path);
}

for (const kind of kinds) {
  const folder = join(root, kind);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    test(`${kind}: ${name}`, () => {
      const here = join(folder, name);
      const imported = importCase(kind, here);
      if (typeof imported === "string") {
        compare(join(here, "expected.error"), imported);
        return;
      }
      compare(join(here, "expected.yml"), imported.text);
      compare(join(here, "expected.notes"), notesText(imported));
      assert.deepEqual(imported.problems, [], "what is printed passes check");
    });
  }
}
