import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseEnvFile } from "./env-file.ts";

function read(text: string): Record<string, string> | string {
  const result = parseEnvFile(text);
  return "variables" in result
    ? Object.fromEntries(result.variables)
    : `${result.line}:${result.column}: ${result.why}`;
}

// systemd/systemd#36488: the same file is sourced by scripts.
test("parseEnvFile() reads assignments as a shell does", () => {
  assert.deepEqual(read('B="a\\\\b\\"c"\nC=\'a\\b"c\'\nD=plain # not a comment? \nE="multi\nline"\n'), {
    B: 'a\\b"c',
    C: 'a\\b"c',
    D: "plain",
    E: "multi\nline",
  });
  assert.deepEqual(
    read("# remark\n\n  export A=1\nB=\nC=a#b\nD='x'\"y\"z\\ w\nE=a=b\nF=a\\\nb\nG=${"),
    "10:3: a shell would replace what begins with $",
  );
  assert.deepEqual(read("A=x$ \nB=a!b%s*?[x]{y}"), { A: "x$", B: "a!b%s*?[x]{y}" });
});

// wardenenv/warden#380
test("parseEnvFile() takes CRLF for a line end", () => {
  assert.deepEqual(read('NAME=demo\r\nQUOTED="x y"\r\nEMPTY=\r\n'), { NAME: "demo", QUOTED: "x y", EMPTY: "" });
});

test("parseEnvFile() refuses all else with line and column", () => {
  const texts: [string, string][] = [
    ['A=a\\b"c', "1:6: the double quote is not closed"],
    ["A=1\nBAD LINE\n", "2:1: the line is no assignment"],
    ["A=1\n B =2", "2:3: blanks stand before ="],
    ["A= 1", "1:4: more words follow the value"],
    ["A=1 B=2", "1:5: more words follow the value"],
    ["A='x", "1:3: the single quote is not closed"],
    ["A=$HOME", "1:3: a shell would replace what begins with $"],
    ['A="$(id)"', "1:4: a shell would replace what begins with $"],
    ["A=`id`", "1:3: a shell would run what stands between `"],
    ["A=1;B=2", "1:4: ; means something to a shell"],
    ["A=$\\\nHOME", "1:3: a shell would replace what begins with $"],
    ['A="$\\\n\\\n{B}"', "1:4: a shell would replace what begins with $"],
    ["A=\\\n~/bin", "2:1: a shell would replace ~ by a folder"],
    ["A=~/bin", "1:3: a shell would replace ~ by a folder"],
    ["a.b=1", "1:1: what stands before = is no name of a variable"],
    ["=1", "1:1: the name before = is missing"],
    ["unset A", "1:1: the line is no assignment"],
    ["A=x\0", "1:4: the text holds a zero byte"],
  ];
  for (const [text, expected] of texts) assert.equal(read(text), expected, JSON.stringify(text));
});

const part = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abZ09_-=/.,:%+@!#*?[]{}^é"), maxLength: 4 }),
  fc.string({ unit: fc.constantFrom(...'a \\"$`;|\n#'), maxLength: 4 }).map((text) => `'${text}'`),
  fc
    .array(fc.constantFrom("a", " ", "'", "\\$", "\\`", '\\"', "\\\\", "\\a", "\n", ";"), { maxLength: 4 })
    .map((parts) => `"${parts.join("")}"`),
  fc.constantFrom("\\ ", "\\$", "\\;", "\\\n", "\\~"),
);
const file = fc
  .array(
    fc.tuple(fc.constantFrom("A", "B", "_x1"), fc.array(part, { maxLength: 5 }), fc.constantFrom("", " ", " # remark")),
    { minLength: 1, maxLength: 6 },
  )
  .map((lines) => lines.map(([name, parts, end]) => `${name}=${parts.join("")}${end}\n`).join(""));

test("parseEnvFile() reads what /bin/sh sets when it sources the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "gonit-env-"));
  try {
    fc.assert(
      fc.property(file, (text) => {
        const path = join(folder, "e.env");
        writeFileSync(path, text);
        const script = `. ${path}; for name in A B _x1; do eval "printf '%s\\0' \\"\\\${$name-unset}\\""; done`;
        const { stdout, status, stderr } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8", env: {} });
        assert.equal(status, 0, stderr);
        const [A, B, _x1] = stdout.split("\0");
        const found = read(text);
        assert.equal(typeof found, "object", `${JSON.stringify(text)}: ${found}`);
        assert.deepEqual(
          { A: "unset", B: "unset", _x1: "unset", ...(found as object) },
          { A, B, _x1 },
          JSON.stringify(text),
        );
      }),
      { numRuns: 150 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
