import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../tests/properties.ts";
import { parseEnvFile } from "./env-file.ts";
import { splitCommand } from "./split-command.ts";

/** What each text makes of /bin/sh, in one process: words behind a script's line, ended by a word \1. */
function ofShell(lines: string[], cwd: string): string[][] {
  const { stdout, status, stderr } = spawnSync("/bin/sh", ["-f", "-c", lines.join("\n")], {
    encoding: "utf8",
    env: {},
    cwd,
  });
  assert.equal(status, 0, stderr);
  const found: string[][] = [[]];
  for (const word of stdout.split("\0").slice(0, -1)) {
    if (word === "\x01") found.push([]);
    else (found.at(-1) as string[]).push(word);
  }
  return found.slice(0, -1);
}

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "gonit-shell-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const pairs = ["\\\n", '\\"', "\\\\", "''", '"a\\\nb"', " #", "'#'"];

/** Texts of signs that mean something to a shell, without any sense. */
function nonsense(signs: string, maxLength: number): fc.Arbitrary<string[]> {
  const text = fc.array(fc.constantFrom(...signs, ...pairs), { maxLength }).map((parts) => parts.join(""));
  // The message names the one text that differs, and no shorter list would.
  return fc.noShrink(fc.array(text, { minLength: 200, maxLength: 200 }));
}

test("splitCommand() splits what it accepts as /bin/sh does, or refuses it", () => {
  let accepted = 0;
  assertProperty(
    fc.property(nonsense("aab=- \t'\"\\#/.%é", 12), (texts) => {
      const split = texts.map((text) => splitCommand(text, () => undefined));
      // Behind the end of a line a shell begins another command; within a remark an escaped end is one, too.
      const isTaken = texts.map(
        (text, at) => "words" in (split[at] as object) && !/#[^\n]*\n|(?<!\\)(?:\\\\)*\n/.test(text),
      );
      const taken = texts.filter((_, at) => isTaken[at]);
      accepted += taken.length;
      const lines = taken.map(
        (text) => `set -- x ${text}\nshift\nfor word in "$@"; do printf '%s\\0' "$word"; done; printf '\\1\\0'`,
      );
      const expected = ofShell(lines, "/");
      const words = split.flatMap((one, at) => ("words" in one && isTaken[at] ? [one.words] : []));
      for (const [at, text] of taken.entries()) assert.deepEqual(words[at], expected[at], JSON.stringify(text));
    }),
    { runs: 10 },
  );
  console.log(`figures: ${accepted} commands compared with /bin/sh`);
  assert.ok(accepted > 300, `${accepted} accepted`);
});

test("parseEnvFile() reads what it accepts as /bin/sh does, or refuses it", () => {
  let accepted = 0;
  withFolder((folder) => {
    assertProperty(
      fc.property(nonsense("AAB==1 \t\n\n'\"\\#$`;|~:-é!*{}()<>&", 14), (texts) => {
        const taken = texts.flatMap((noise) => {
          const text = `A=${noise}`;
          const read = parseEnvFile(text);
          return "variables" in read ? [{ text, values: Object.fromEntries(read.variables) }] : [];
        });
        accepted += taken.length;
        const lines = taken.map(({ text }, at) => {
          writeFileSync(join(folder, `${at}.env`), text);
          return `(. ./${at}.env && printf '%s\\0%s\\0\\1\\0' "\${A-unset}" "\${B-unset}") </dev/null`;
        });
        const expected = ofShell(lines, folder);
        for (const [at, { text, values }] of taken.entries()) {
          const { A = "unset", B = "unset" } = values;
          assert.deepEqual([A, B], expected[at], JSON.stringify(text));
        }
      }),
      { runs: 10 },
    );
  });
  console.log(`figures: ${accepted} environment files compared with /bin/sh`);
  assert.ok(accepted > 200, `${accepted} accepted`);
});
