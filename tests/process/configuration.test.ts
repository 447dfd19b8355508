/** Configuration through the real binary: libyaml's own errors, hostile texts, the verbs check and config, the reader. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type PackedPlan, planOfPacked } from "../../src/runtime/packed-plan.ts";
import { binary, folderFor } from "./gonit.ts";

/** Against hanging only. */
const patienceMs = 60_000;

function run(folder: string, words: string[], argv0 = "gonit", env: Record<string, string> = {}) {
  const result = spawnSync(binary(), words, {
    argv0,
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", GONIT_ROLE: "laptop", GONIT_SOCKET: "@gonit-test-nobody", ...env },
    encoding: "utf8",
    timeout: patienceMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** What `gonit check` says about a text, without its last line. */
function check(t: TestContext, content: string | Uint8Array): string {
  const folder = folderFor(t);
  writeFileSync(join(folder, "config.yml"), content);
  const { code, stderr, stdout } = run(folder, ["check"]);
  assert.equal(code === 0, stderr === "", stderr);
  return code === 0 ? stdout : stderr.trimEnd().split("\n").slice(0, -1).join("\n");
}

const head = "services:\n  - name: a\n    command: x\n";

const mistakes: { name: string; text: string; shows: string }[] = [
  {
    // go-yaml/yaml#727
    name: "a tab where spaces belong",
    text: "services:\n  a:\n\tcommand: [true]\n",
    shows: `config.yml:3:1: cannot read the text: a tab stands where the line is indented
  3 | \tcommand: [true]
    | ^
  fix: indent with spaces only`,
  },
  {
    name: "a tab behind spaces",
    text: "services:\n  - name: a\n  \tcommand: x\n",
    shows: `config.yml:3:3: cannot read the text: a tab stands where the line is indented
  3 |   \tcommand: x
    |   ^
  fix: indent with spaces only`,
  },
  {
    // docker/compose#5267
    name: "duplicate keys, all in one run, each with both lines",
    text: 'services:\n  - name: a\n    command: [echo, one]\n    environment: {X: "1"}\n    environment: {Y: "2"}\n  - name: a\n    command: [echo, two]\n',
    shows: `config.yml:5:5: services.a.environment: cannot use the key "environment" twice: it stands at config.yml:4 already
  5 |     environment: {Y: "2"}
    |     ^~~~~~~~~~~
  first (config.yml:4:5)
  fix: keep one of the two
config.yml:6:11: services.a.name: cannot have two services a in one file: it stands at config.yml:2 already
  6 |   - name: a
    |           ^
  first (config.yml:2:11)
  fix: give one of them another name`,
  },
  {
    name: "a second document",
    text: "title: a\n---\ntitle: b\n",
    shows: `config.yml:2:1: cannot read the text: a second document begins
  2 | ---
    | ^~~
  fix: one file holds one document: remove the line ---, or put what follows into a file under config.d`,
  },
  {
    name: "a colon within a plain text",
    text: `${head}    description: a: b\n`,
    shows: `config.yml:4:19: cannot read the text: a colon stands where no value can follow
  4 |     description: a: b
    |                   ^
  fix: indent the line as its neighbours are, or put a text that holds ": " in quotes`,
  },
  {
    name: "a quote that is not closed, where it was opened",
    text: 'title: "abc\nservices: []\n',
    shows: `config.yml:1:8: cannot read the text: this quote is not closed
  1 | title: "abc
    |        ^
  fix: close it, or write the quote within other quotes`,
  },
  {
    name: "a bracket that is not closed",
    text: "services: [{name: a, command: x]\n",
    shows: `config.yml:1:32: cannot read the text: a bracket is not closed, or a comma is missing
  1 | services: [{name: a, command: x]
    |                                ^
  fix: separate with commas and close what was opened; texts that hold {, }, [, ] or , need quotes there`,
  },
  {
    name: "a variable without quotes within braces",
    text: `${head}    environment: {A: \${HOME}}\n`,
    shows: `config.yml:4:23: cannot read the text: a bracket is not closed, or a comma is missing
  4 |     environment: {A: \${HOME}}
    |                       ^
  fix: put \${…} in quotes: within { } and [ ] its braces are YAML's`,
  },
  {
    name: "a text that begins with @",
    text: "title: @x\n",
    shows: `config.yml:1:8: cannot read the text: no value can begin with this character
  1 | title: @x
    |        ^
  fix: put the text in quotes`,
  },
  {
    name: "a list that goes on with something else",
    text: `${head}   restart: no\n`,
    shows: `config.yml:4:4: cannot read the text: the list goes on with a line that does not begin with a dash
  4 |    restart: no
    |    ^
  fix: begin each item with "- ", in the same column`,
  },
  {
    name: "an escape that does not exist",
    text: 'title: "a\\qb"\n',
    shows: `config.yml:1:10: cannot read the text: there is no such escape sequence
  1 | title: "a\\qb"
    |          ^
  fix: write \\\\ for a backslash, or use single quotes`,
  },
  {
    name: "an alias without an anchor",
    text: "title: *x\n",
    shows: `config.yml:1:8: cannot use *x: there is no anchor &x before it
  1 | title: *x
    |        ^~
  fix: put a text that begins with * in quotes`,
  },
  {
    name: "an empty file",
    text: "",
    shows:
      "config.yml: cannot use the file: it is empty\n  fix: begin with:\n    services:\n      - name: web\n        command: sleep infinity",
  },
];

for (const { name, text, shows } of mistakes) {
  test(`check shows ${name}`, (t) => assert.equal(check(t, text), shows));
}

test("tabs before a remark, in empty lines and within quotes are fine", (t) => {
  assert.match(
    check(t, 'services:\t# hi\n  - name: a\t# x\n    command: "x\ty"\n\t\n  \t# remark\n    user: b\n'),
    /^the configuration is good: 1 service\n/,
  );
});

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 10; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\n`;
}

const hostile: { name: string; content: () => string | Uint8Array; shows: RegExp }[] = [
  {
    name: "50 MB",
    content: () => "a: b\n".repeat(10_000_000),
    shows: /^config\.yml: cannot read the file: it is larger than 8 MiB$/,
  },
  {
    name: "an alias bomb",
    content: bomb,
    shows: /^config\.yml:6:5: cannot read the text: it has more than 250000 values/,
  },
  {
    name: "4 million open brackets",
    content: () => "[".repeat(4_000_000),
    shows: /^config\.yml:1:1001: cannot read the text: it is nested deeper than 64 levels/,
  },
  {
    name: "65 levels",
    content: () => `${"[".repeat(65)}${"]".repeat(65)}\n`,
    shows: /it is nested deeper than 64 levels/,
  },
  { name: "3 million dashes", content: () => "- ".repeat(3_000_000), shows: /it is nested deeper than 64 levels/ },
  {
    name: "400,000 keys",
    content: () => Array.from({ length: 400_000 }, (_, index) => `k${index}: 1\n`).join(""),
    shows: /^config\.yml:249999:1: cannot read the text: it has more than 250000 values\n {2}249999 \| k249998: 1\n/,
  },
  {
    name: "a quote over 3 million lines",
    content: () => `title: "${"x\n".repeat(3_000_000)}`,
    shows: /^config\.yml:1:8: cannot read the text: this quote is not closed/,
  },
  {
    name: "a program",
    content: () => readFileSync(process.execPath).subarray(0, 4_000_000),
    shows: /^config\.yml:1:\d+: cannot read the file: the byte 0x[0-9a-f]{2} is no UTF-8|it holds zero bytes/,
  },
  {
    name: "UTF-16",
    content: () => Buffer.from("\ufefftitle: x\n", "utf16le"),
    shows:
      /^config\.yml:1:1: cannot read the file: the byte 0xff is no UTF-8\n {2}fix: it looks like UTF-16: save it as UTF-8$/,
  },
];

for (const { name, content, shows } of hostile) {
  test(`check ends with a reason for ${name}`, (t) => assert.match(check(t, content()), shows));
}

test("a folder, a FIFO and a file that is missing are no configuration", (t) => {
  const folder = folderFor(t);
  spawnSync("/bin/sh", ["-c", 'exec mkfifo "$0"', join(folder, "fifo.yml")]);
  const said = (path: string) => run(folder, ["check", path]).stderr.split("\n")[0];
  assert.equal(
    said("."),
    "/: cannot read the file: Is a directory".replace("/", `${folder}/.`).replace(`${folder}/`, ""),
  );
  assert.equal(said("fifo.yml"), "fifo.yml: cannot read the file: it is no regular file");
  assert.equal(said("nope.yml"), "nope.yml: cannot read the file: No such file or directory");
});

const shop = `version: 1.10
title: Shop
environment: {STAGE: "\${STAGE:-test}"}
services:
  - name: redis
    command: redis-server --port 0 --save ""
    user: redis
    ready: {exec: redis-cli ping}
  - {name: migrate, type: task, command: [php, artisan, migrate], timeout: {start: 2m, run: 5m}}
  - name: web
    shell: true
    command: exec nginx -g "daemon off;"
    depends_on: [redis, migrate]
    env_file: {path: web.env, required: false}
    restart: {policy: always, limit: 5 in 1m}
    critical: exit
`;

test("config prints a configuration that config prints again, word for word", (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "config.yml"), shop);
  writeFileSync(join(folder, "web.env"), "PASSWORD='a$b\"c'\n");
  const first = run(folder, ["config"], "gonit", { STAGE: "live" });
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /STAGE: live/);
  assert.match(first.stdout, /PASSWORD: 'a\$b"c'/);
  writeFileSync(join(folder, "printed.yml"), first.stdout);
  assert.equal(run(folder, ["config", "printed.yml"]).stdout, first.stdout);
});

test("check prints the figures, and JSON for programs", (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "config.yml"), shop);
  const { code, stdout } = run(folder, ["check"]);
  assert.equal(code, 0);
  assert.match(stdout, /^the configuration is good: 3 services\nat most\n {2}processes +7( of \d+)?\n/);
  assert.match(stdout, /longest start +8m30s \(migrate, web\)\n/);
  const parsed = JSON.parse(run(folder, ["check", "--json"]).stdout) as { ok: boolean; figures: { services: number } };
  assert.deepEqual([parsed.ok, parsed.figures.services], [true, 3]);
  writeFileSync(join(folder, "config.yml"), "titel: x\n");
  const wrong = run(folder, ["check", "--json"]);
  assert.equal(wrong.code, 1);
  assert.match((JSON.parse(wrong.stdout) as { problems: string[] }).problems.join(), /did you mean title\?/);
});

test("the reader gives the plan with the hash of what it read, through a symbolic link as well", (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "real.yml"), shop);
  symlinkSync("real.yml", join(folder, "config.yml"));
  const request = JSON.stringify({ role: 3, path: null, workingDirectory: folder });
  const { plan: packed } = JSON.parse(run(folder, [request], "gonit: reader").stdout) as { plan: PackedPlan };
  const plan = planOfPacked(packed);
  assert.deepEqual(
    plan.services.map(({ name, directory }) => [name, directory]),
    [
      ["redis", folder],
      ["migrate", folder],
      ["web", folder],
    ],
  );
  const hash = createHash("sha256").update(shop).digest("hex");
  assert.deepEqual(plan.sources, [{ path: join(folder, "config.yml"), hash }]);
});

test("the reader reads environment files again, and says where one is wrong", (t) => {
  const folder = folderFor(t);
  const path = join(folder, "a.env");
  const read = () =>
    JSON.parse(
      run(folder, ["environment", JSON.stringify([{ path, required: true, except: ["B"] }])], "gonit: reader").stdout,
    ) as object;
  assert.deepEqual(read(), { problem: `cannot read ${path}: No such file or directory` });
  writeFileSync(path, "A=1\r\nB=2\r\n");
  assert.deepEqual(read(), { environment: { A: "1" } });
  writeFileSync(path, "A=1\nA B\n");
  assert.deepEqual(read(), {
    problem: `cannot read ${path}:2:1: the line is no assignment (write NAME=VALUE, or # before a remark)`,
  });
});
