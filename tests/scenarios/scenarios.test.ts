import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { runScenario } from "../../sim/scenario.ts";
import { rules } from "../../src/engine/rules.ts";

const folder = "tests/scenarios";
const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));
const seen = new Set<string>();

for (const file of files) {
  test(`${file} happens as written`, () => {
    const path = `${folder}/${file}`;
    const expected = readFileSync(path, "utf8");
    const result = runScenario(expected);
    for (const rule of result.rules) seen.add(rule);
    assert.deepEqual(result.gaps, [], "why leaves something out");
    if (process.env.UPDATE === "1") writeFileSync(path, result.text);
    else assert.equal(result.text, expected);
  });
}

test("every rule of the engine has a scenario", () => {
  const missing = Object.keys(rules).filter((rule) => !seen.has(rule));
  assert.deepEqual(missing, []);
});
