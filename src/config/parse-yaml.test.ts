import assert from "node:assert/strict";
import { test } from "node:test";
import { npmYaml } from "../../tests/config/yaml-events.ts";
import type { YamlNode } from "./node.ts";
import { parseYaml } from "./parse-yaml.ts";
import { Problems } from "./problems.ts";
import { readScalar } from "./scalar.ts";

function parse(text: string): { value: unknown; problems: string[] } {
  const problems = new Problems();
  const source = { path: "/c.yml", shown: "c.yml", rootPath: "", bytes: Buffer.from(text), text };
  const document = parseYaml(source, npmYaml, problems);
  return { value: document?.root ? dataOf(document.root) : null, problems: problems.texts() };
}

function dataOf(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.plain ? readScalar(node.text) : node.text;
  if (node.kind === "list") return node.items.map(dataOf);
  return Object.fromEntries(node.keys.map((key, index) => [key.text, dataOf(node.values[index] as YamlNode)]));
}

test("parseYaml() reads maps, lists, block texts and empty values", () => {
  const { value, problems } = parse("a: 1\nb: [x, 'y', \"z\\n\"]\nc: |\n  two\n  lines\nd:\ne: {f: ~}\n");
  assert.deepEqual(problems, []);
  assert.deepEqual(value, { a: 1, b: ["x", "y", "z\n"], c: "two\nlines\n", d: null, e: { f: null } });
});

test("parseYaml() repeats what an alias names, and merges maps with <<", () => {
  const text = "a: &one {x: 1, y: 2}\nb: *one\nc: {<<: *one, y: 3}\nd: {<<: [{x: 5}, *one], z: 6}\n";
  const { value, problems } = parse(text);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, { a: { x: 1, y: 2 }, b: { x: 1, y: 2 }, c: { y: 3, x: 1 }, d: { z: 6, x: 5, y: 2 } });
});

test("parseYaml() refuses a merge of what is no map", () => {
  assert.match(parse("a: {<<: 3}\n").problems.join(), /c\.yml:1:9: a: cannot merge this|c\.yml:1:9: cannot merge this/);
});

test("parseYaml() refuses aliases without an anchor and such that would hold themselves", () => {
  assert.match(parse("a: *nope\n").problems.join(), /cannot use \*nope: there is no anchor &nope before it/);
  assert.match(parse("a: &x [1, *x]\n").problems.join(), /cannot use \*x here: it would hold itself/);
});

test("parseYaml() ends an alias bomb within its budget", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level <= 9; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  const { problems } = parse(`${lines.join("\n")}\n`);
  assert.match(problems.join(), /c\.yml:6:9: cannot read the text: it has more than 250000 values/);
});

test("parseYaml() refuses duplicate keys and tells both lines", () => {
  const { problems } = parse("a: 1\nb: {c: 1, c: 2}\na: 2\n");
  assert.equal(
    problems.join("\n"),
    `c.yml:2:11: b.c: cannot use the key "c" twice: it stands at c.yml:2 already
  2 | b: {c: 1, c: 2}
    |           ^
  first (c.yml:2:5)
  fix: keep one of the two
c.yml:3:1: a: cannot use the key "a" twice: it stands at c.yml:1 already
  3 | a: 2
    | ^
  first (c.yml:1:1)
  fix: keep one of the two`,
  );
});

test("parseYaml() finds duplicates among many keys too", () => {
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}: 1`);
  assert.deepEqual(parse(`${keys.join("\n")}\n`).problems, []);
  const { problems } = parse(`${keys.join("\n")}\nk3: 2\nk99: 2\n`);
  assert.match(
    problems.join("\n"),
    /c\.yml:101:1: .*"k3" twice: it stands at c\.yml:4 already[\s\S]*c\.yml:102:1: .*"k99" twice: it stands at c\.yml:100 already/,
  );
});

test("parseYaml() refuses a second document, deep nesting, tags, and keys that are no text", () => {
  assert.match(parse("a: 1\n---\nb: 2\n").problems.join(), /a second document begins/);
  assert.match(parse(`${"[".repeat(65)}${"]".repeat(65)}\n`).problems.join(), /nested deeper than 64 levels/);
  assert.deepEqual(parse(`a: ${"[".repeat(60)}${"]".repeat(60)}\n`).problems, []);
  assert.match(parse("a: !thing x\n").problems.join(), /c\.yml:1:\d+: a: cannot use the tag "!thing" here/);
  assert.match(parse("? [a]\n: 1\n").problems.join(), /cannot use a list as a key/);
});

test("parseYaml() takes the tags of text for text", () => {
  assert.deepEqual(parse("a: !!str 10\n").value, { a: "10" });
});

test("parseYaml() reads a document mark and the end of a document", () => {
  assert.deepEqual(parse("---\na: 1\n...\n"), { value: { a: 1 }, problems: [] });
  assert.deepEqual(parse("# nothing\n"), { value: null, problems: [] });
});
