/** The manual pages: mandoc(1) finds nothing wrong with them, and they show what they were made from, word for word. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { binary } from "./gonit.ts";

const pages = {
  "docs/man/gonit.1": "docs/reference/gonit.md",
  "docs/man/config.yml.5": "docs/reference/configuration.md",
  "docs/man/gonit-init.8": "docs/machine.md",
};

function mandoc(...words: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync("mandoc", words, { encoding: "utf8", timeout: 60_000 });
  assert.equal(error, undefined);
  return { status, output: stdout + stderr };
}

/** The page as a reader sees it: overstriking and margins taken away. */
function shown(page: string): string {
  return mandoc("-T", "utf8", "-O", "width=200", page).output.replace(/.\x08/g, "");
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, " ");
}

for (const [page, source] of Object.entries(pages)) {
  test(`${page}: mandoc has no complaint, and every example stands in it as it was written`, () => {
    assert.deepEqual(mandoc("-T", "lint", "-W", "warning", page), { status: 0, output: "" });
    const text = squeezed(shown(page));
    let lines = 0;
    for (const [, code = ""] of readFileSync(source, "utf8").matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)) {
      for (const line of code.split("\n").filter((one) => one.trim() !== "")) {
        lines++;
        assert.ok(text.includes(squeezed(line.trim())), line);
      }
    }
    assert.ok(lines > 10, `${lines} lines of examples`);
  });
}

test("gonit(1) has every verb that gonit help lists, and what gonit help tells of it", () => {
  const help = (...words: string[]) =>
    spawnSync(binary(), ["help", ...words], { encoding: "utf8", timeout: 60_000 }).stdout;
  const text = squeezed(shown("docs/man/gonit.1"));
  const verbs = [...help().matchAll(/^ {2}([a-z]+)[, ]/gm)].map(([, verb]) => verb as string);
  assert.ok(verbs.length > 20, verbs.join());
  for (const verb of verbs) {
    const [, about = ""] = help(verb).split("\n\n");
    assert.ok(text.includes(squeezed(about).trim()), `${verb}: ${about}`);
  }
});
