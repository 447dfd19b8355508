import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { elfFacts, elfNeeds, elfSection, isElf } from "./elf.ts";

function compile(t: TestContext, ...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "gonit-elf-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, "x.c"),
    'const char mark[] __attribute__((section("own"))) = "text"; int main(void) { return 0; }\n',
  );
  execFileSync("gcc", ["x.c", "-o", "x", ...flags], { cwd: folder });
  return join(folder, "x");
}

test("elfNeeds() reads loader, libraries and the folders in which they are looked for", (t) => {
  const path = compile(t, "-Wl,--no-as-needed", "-lm", "-Wl,-rpath,$ORIGIN/../lib:/opt/lib");
  const needs = elfNeeds(readFileSync(path));
  assert.match(needs.loader ?? "", /^\/lib.*ld-/);
  assert.deepEqual(needs.libraries, ["libm.so.6", "libc.so.6"]);
  assert.deepEqual(needs.folders, ["$ORIGIN/../lib", "/opt/lib"]);
  assert.deepEqual(elfFacts(path), { interpreter: true, dynamic: true });
});

test("a static program needs nothing; a section is found by its name; a text is no ELF file", (t) => {
  const path = compile(t, "-static", "-no-pie");
  const bytes = readFileSync(path);
  assert.deepEqual(elfNeeds(bytes), { loader: undefined, libraries: [], folders: [] });
  assert.deepEqual(elfFacts(path), { interpreter: false, dynamic: false });
  assert.equal(elfSection(bytes, "own")?.toString(), "text\0");
  assert.equal(elfSection(bytes, "none"), undefined);
  assert.equal(isElf(Buffer.from("#!/bin/sh\n".padEnd(100))), false);
});
