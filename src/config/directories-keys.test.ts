import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, serviceOf } from "../../tests/config/memory-files.ts";
import { removeDirectories } from "../engine/plan.ts";

const service = (directories: string) => serviceOf(`command: c\npost_stop: [p]\ndirectories: ${directories}`);
const problems = (directories: string) => problemsOf(`services: [{name: a, command: c, directories: ${directories}}]`);

test("directories takes a name, names, and names with modes", () => {
  assert.deepEqual(service("{run: a, state: [b/c, {name: d, mode: 0700}]}").directories, {
    run: [{ name: "a", mode: 0o755 }],
    state: [
      { name: "b/c", mode: 0o755 },
      { name: "d", mode: 0o700 },
    ],
    cache: [],
    logs: [],
  });
  assert.equal(service("{}").directories, null);
});

test("run directories are removed by a last command of post_stop, the others by none", () => {
  const last = { argv: [removeDirectories, "a", "b/c"], builtin: removeDirectories };
  assert.deepEqual(service("{run: [a, b/c], cache: d}").postStop, [{ argv: ["p"], builtin: null }, last]);
  assert.deepEqual(service("{state: d}").postStop, [{ argv: ["p"], builtin: null }]);
});

test("names that lead elsewhere are refused", () => {
  assert.match(problems("{run: /run/a}"), /write the name alone/);
  for (const name of ["..", "a/../b", ".", "a//b", "a/", '""'])
    assert.match(problems(`{run: ${name}}`), /it is no name/);
  assert.match(problems('{run: "a:b"}'), /holds a colon/);
  assert.match(problems(`{run: ${"a".repeat(256)}}`), /too long/);
  assert.match(problems("{run: {name: a, mode: 0888}}"), /no octal/);
  assert.match(problems("{run: {mode: 0700}}"), /without name/);
  assert.match(problems("{runtime: a}"), /write run/);
  assert.match(problems("app"), /write \{run: NAME\}/);
  const many = Array.from({ length: 33 }, (_, at) => `d${at}`);
  assert.match(problems(`{run: [${many.join(", ")}]}`), /at most 32/);
});
