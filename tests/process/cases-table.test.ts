/** The table of cases (tests/cases.md) names what exists, and, where the cases themselves are at hand, all of them. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

interface Row {
  number: string;
  tests: string[];
  waits: string;
}

const rows: Row[] = readFileSync("tests/cases.md", "utf8")
  .split("\n")
  .filter((line) => /^\| C\d+ /.test(line))
  .map((line) => {
    const [, number = "", , , tests = "", waits = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return { number, tests: tests.split("<br>").filter((one) => one !== ""), waits };
  });

test("every test that the table of cases names exists, and every case has a test or waits for something", () => {
  const wrong: string[] = [];
  for (const { number, tests, waits } of rows) {
    if (tests.length === 0 && waits === "") wrong.push(`${number}: neither a test nor what it waits for`);
    for (const one of tests) {
      const [, file = "", title = ""] = /^`([^`]+)`(?:: (.+))?$/.exec(one) ?? [];
      const isScenario = file.endsWith(".txt") && title === "";
      if (!existsSync(file) || (!isScenario && title === "")) wrong.push(`${number}: no such file or no title: ${one}`);
      else if (!readFileSync(file, "utf8").includes(`"${title}"`)) {
        if (!isScenario) wrong.push(`${number}: ${file} has no test "${title}"`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(rows.length > 0, "the table is empty");
});

test("the table names every case, once", (t) => {
  const numbers = rows.map(({ number }) => number);
  assert.deepEqual(numbers, [...new Set(numbers)].sort());
  const folder = "../shared/cases";
  if (!existsSync(folder)) {
    t.skip("the cases are not at hand");
    return;
  }
  const cases = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  assert.deepEqual(numbers, cases.map((name) => name.slice(0, 3)).sort());
});
