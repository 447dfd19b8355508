/** Damaged files of every kind: an import ends with a configuration or with words for people, never with a fault of its own. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { memoryFiles } from "../../tests/config/memory-files.ts";
import { npmYaml } from "../../tests/config/yaml-events.ts";
import { assertProperty } from "../../tests/properties.ts";
import { importFiles } from "./import.ts";
import { kinds } from "./kinds.ts";
import { Unusable } from "./sources.ts";

interface Input {
  kind: (typeof kinds)[number];
  texts: { [path: string]: string };
}

function inputs(): Input[] {
  return kinds.flatMap((kind) =>
    readdirSync(join("tests/import", kind)).map((name) => {
      const texts: Input["texts"] = {};
      const walk = (folder: string, shown: string): void => {
        for (const one of readdirSync(folder)) {
          const path = join(folder, one);
          if (statSync(path).isDirectory()) walk(path, `${shown}/${one}`);
          else if (!/^(?:expected\.|arguments)/.test(one)) texts[`${shown}/${one}`] = readFileSync(path, "utf8");
        }
      };
      walk(join("tests/import", kind, name), "/app");
      return { kind, texts };
    }),
  );
}

const all = inputs();

/** What people and editors leave in files, and what programs trip over. */
const pieces = [
  ...[
    '"',
    "'",
    "\\",
    "%",
    "%(",
    "%%",
    "${",
    "$$",
    "$A",
    "}",
    "{{",
    "{",
    "[",
    "]",
    ": ",
    "- ",
    "=",
    ";",
    "#",
    ",",
    "\n",
    "\n\n",
  ],
  ..."|,\t,\u00e9,\u2028,\ud83d\ude00,&a ,*a,!!binary ,null,~,-1,0,1e9,99999999999999999999,../..,/,@,a b,true".split(
    ",",
  ),
];

interface Edit {
  /** Where, as a share of the text. */
  at: number;
  removes: number;
  inserts: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removes: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
  inserts: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((parts) => parts.join("")),
});

function damaged(text: string, edits: Edit[]): string {
  return edits.reduce((before, { at, removes, inserts }) => {
    const from = Math.floor(at * before.length);
    return before.slice(0, from) + inserts + before.slice(from + removes);
  }, text);
}

test("damaged files end in a configuration or in words for people", () => {
  let [imported, refused, withProblems] = [0, 0, 0];
  const property = fc.property(
    fc.constantFrom(...all),
    fc.nat(),
    fc.array(edit, { minLength: 1, maxLength: 4 }),
    ({ kind, texts }, which, edits) => {
      const paths = Object.keys(texts);
      const path = paths[which % paths.length] as string;
      const files = memoryFiles({ ...texts, [path]: damaged(texts[path] as string, edits) });
      const options = { paths: ["."], kind, workingDirectory: "/app", encodeUtf8: (text: string) => Buffer.from(text) };
      try {
        const { text, problems, services } = importFiles(options, files, npmYaml);
        imported++;
        if (problems.length > 0) withProblems++;
        assert.ok(services.length > 0 && text.includes("services:"));
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        refused++;
      }
    },
  );
  assertProperty(property, { runs: 800 });
  console.log(
    `figures: ${imported} damaged files imported, ${withProblems} of them not usable as they are, ${refused} refused`,
  );
});
