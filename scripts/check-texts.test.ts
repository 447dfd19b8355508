import assert from "node:assert/strict";
import { test } from "node:test";
import { checkExceptions, checkLength, checkNames, checkWords } from "./check-texts.ts";

test("checkWords() refuses a machine's paths, registries and unfinished work", () => {
  const bad = [
    "see /work/notes",
    ['"resolved": "https', '://x"'].join(""),
    ["http", "://deb.example.org/debian"].join(""),
    "// TODO later",
    "<<<<<<< HEAD",
  ];
  for (const line of bad) assert.equal(checkWords("README.md", line).length, 1, line);
  const good = ["network/work/x", "../work/a", "https://example.org/debian", "a todo list", "======= title"];
  for (const line of good.slice(0, 4)) assert.deepEqual(checkWords("README.md", line), [], line);
});

test("checkWords() names the line", () => {
  assert.match(checkWords("a.ts", "fine\n// FIXME")[0] ?? "", /^a\.ts:2: "FIXME" is unfinished work/);
});

test("checkLength() refuses files over 400 lines in src and host only", () => {
  const text = "x\n".repeat(401);
  assert.equal(checkLength("src/a.ts", text).length, 1);
  assert.deepEqual(checkLength("src/a.ts", "x\n".repeat(400)), []);
  assert.deepEqual(checkLength("tests/a.ts", text), []);
});

test("checkLength() and checkExceptions() find names that need no exception", () => {
  const exceptions = { "src/a.ts": "a reason" };
  assert.deepEqual(checkLength("src/a.ts", "x\n".repeat(401), exceptions), []);
  assert.match(checkLength("src/a.ts", "x\n", exceptions)[0] ?? "", /no longer too long/);
  assert.match(checkExceptions(new Set(["src/b.ts"]), exceptions)[0] ?? "", /src\/a\.ts, which is gone/);
  assert.deepEqual(checkExceptions(new Set(["src/a.ts"]), exceptions), []);
});

test("checkNames() wants files to exist that documents and comments name", () => {
  const exists = (path: string): boolean => path === "host/a.c" || path === "docs/b.md";
  assert.deepEqual(checkNames("README.md", "`host/a.c`, [b](docs/b.md#part), [site](https://example.org)", exists), []);
  assert.match(checkNames("README.md", "`host/gone.c`", exists)[0] ?? "", /names host\/gone\.c, which does not exist/);
  assert.match(checkNames("README.md", "[b](gone.md)", exists)[0] ?? "", /links to gone\.md/);
  assert.deepEqual(checkNames("docs/c.md", "[b](b.md) [a](../host/a.c)", exists), []);
});

test("checkNames() takes a word in capitals for a pattern", () => {
  assert.deepEqual(
    checkNames("README.md", "`src/cli/command-NAME.ts`", () => false),
    [],
  );
  assert.equal(checkNames("README.md", "docs/GONE.md", () => false).length, 1);
});

test("checkNames() looks at comments of code, not at its texts", () => {
  const none = (): boolean => false;
  assert.deepEqual(checkNames("src/a.ts", 'const a = "host/x.c";', none), []);
  assert.equal(checkNames("src/a.ts", "/* see host/x.c */", none).length, 1);
  assert.equal(checkNames("host/a.c", "// see src/x/y.ts", none).length, 1);
});
