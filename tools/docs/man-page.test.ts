import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { environment } from "./command-page.ts";
import { withPart } from "./generated-parts.ts";
import { manPage } from "./man-page.ts";
import { markdownTable, parseMarkdown } from "./markdown.ts";

function page(markdown: string): string {
  const facts = {
    name: "thing",
    section: 7,
    summary: "a thing - of sorts",
    synopsis: [],
    version: "1",
    seeAlso: ["other(1)"],
  };
  return manPage({ ...facts, markdown });
}

function bodyOf(markdown: string): string {
  return page(markdown)
    .replace(/^[\s\S]*?\.SH DESCRIPTION\n/, "")
    .replace(/\.SH SEE ALSO[\s\S]*$/, "");
}

test("manPage() escapes what roff would take for orders, and what is no ASCII", () => {
  assert.equal(bodyOf("a\\b 'it' -x `~^`\n"), "a\\eb \\(aqit\\(aq \\-x \\fB\\(ti\\(ha\\fR\n");
  assert.equal(bodyOf("3 … more\n"), "3 \\[u2026] more\n");
  assert.equal(
    bodyOf("```\n.PP\n'x\n\n  two\n```\n"),
    ".PP\n.RS 4\n.nf\n\\&.PP\n\\(aqx\n\n  two\n.fi\n.RE\n".replace(/^\.PP\n/, ""),
  );
  assert.match(bodyOf(".hidden is a file\n"), /^\\&\.hidden/);
});

test("manPage() keeps headings, emphasis, lists and the words of links", () => {
  const text = bodyOf(
    "One _two_ **three** [four](x.md#y), snake_case_word\n\n- five\n  six\n- seven\n\n### Part\n\nend\n",
  );
  assert.equal(
    text,
    "One \\fItwo\\fR \\fBthree\\fR four, snake_case_word\n.IP \\(bu 2\nfive six\n.IP \\(bu 2\nseven\n.SS Part\nend\n",
  );
});

test("manPage() makes an entry of each row of a table, and says of more than two columns what they are", () => {
  const table = markdownTable(
    ["key", "meaning", "default"],
    [
      ["`a`", "one \\| two".replace("\\", ""), "3"],
      ["`b`", "x", ""],
    ],
  );
  assert.equal(bodyOf(table), ".TP\n\\fBa\\fR\nmeaning: one | two; default: 3\n.TP\n\\fBb\\fR\nmeaning: x\n");
});

test("parseMarkdown() reads the pages of the project to their ends, and refuses code without an end", () => {
  for (const name of readdirSync("docs").filter((file) => file.endsWith(".md"))) {
    const text = readFileSync(`docs/${name}`, "utf8");
    const headings = text.replace(/^```[\s\S]*?^```$/gm, "").match(/^#{1,4} /gm) ?? [];
    assert.equal(parseMarkdown(text).filter(({ kind }) => kind === "heading").length, headings.length, name);
  }
  assert.throws(() => parseMarkdown("```\ncode\n"), /does not end/);
});

test("withPart() replaces what stands between the marks, and tells when they are missing", () => {
  const marked = "before\n<!-- x: written by npm run docs -->\nold\n<!-- end of x -->\nbehind\n";
  const made = withPart(marked, "x", "new");
  assert.equal(made, "before\n<!-- x: written by npm run docs -->\n\nnew\n\n<!-- end of x -->\nbehind\n");
  assert.equal(withPart(made, "x", "new"), made);
  assert.throws(() => withPart("nothing", "x", "new"), /marks of "x" are missing/);
});

test("the page of the verbs lists every variable of the environment that the client looks at", () => {
  const listed = new Set(environment.flatMap(([names]) => names.split(", ")));
  for (const file of readdirSync("src/cli", { recursive: true }).map(String)) {
    if (!file.endsWith(".ts")) continue;
    for (const [, name] of readFileSync(`src/cli/${file}`, "utf8").matchAll(/\bvariable\("([A-Z_]+)"\)/g))
      assert.ok(listed.has(name as string), `${name} of src/cli/${file} is not in tools/docs/command-page.ts`);
  }
});
