import assert from "node:assert/strict";
import { test } from "node:test";
import { dependencies } from "./c-objects.ts";
import { parseHead } from "./test-c.ts";
import { timeLimitMs } from "./test-files.ts";

test("dependencies() reads a rule over several lines, with spaces in paths", () => {
  const rule = "x.o: /a/b.c \\\n /a/with\\ space/c.h \\\n host/d.h\n";
  assert.deepEqual(dependencies(rule), ["/a/b.c", "/a/with space/c.h", "host/d.h"]);
});

test("parseHead() finds a C test's parts and marks", () => {
  const test = parseHead("t.c", "// with: a.c b.c engine\n// valgrind\n// limit: 300 s\n#include <stdio.h>\n");
  assert.deepEqual(test, { file: "t.c", parts: ["a.c", "b.c", "engine"], valgrind: true, limitMs: 300_000 });
  assert.deepEqual(parseHead("t.c", "// with:\n").parts, []);
  assert.equal(parseHead("t.c", "// with: a.c\n").valgrind, false);
});

test("timeLimitMs() is the usual one unless the head says otherwise", () => {
  assert.equal(timeLimitMs("import x;", 5), 5);
  assert.equal(timeLimitMs("/*\n * limit: 240 s\n */", 5), 240_000);
});
