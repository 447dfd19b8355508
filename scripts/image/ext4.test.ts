import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeExt4 } from "./ext4.ts";
import { Tree } from "./tree.ts";
import { identityOf, uuidFor, type WriteInput } from "./writer.ts";

const SECONDS = 1_700_000_000;

function inputFor(tree: Tree, folder: string, sizeBytes: number | null = null): WriteInput {
  const entries = tree.entries();
  const identity = identityOf(entries);
  return {
    entries,
    folder,
    identity,
    sizeBytes,
    seconds: SECONDS,
    title: "",
    version: "",
    cmdline: "",
    kernel: undefined,
    bootEntries: [],
  };
}

function example(): Tree {
  const tree = new Tree();
  tree.file("system/gonit", Buffer.alloc(300_000, 3), 0o755);
  tree.file("etc/a file", "with blanks\n", 0o600);
  tree.add({ kind: "file", path: "bin/su", mode: 0o4755, uid: 0, gid: 42, size: 1, content: () => Buffer.from("x") });
  tree.add({ kind: "folder", path: "home/web", mode: 0o750, uid: 100_000, gid: 1000 });
  tree.link("init", "system/gonit");
  tree.link("far", "/".padEnd(200, "x"));
  tree.folder("tmp", 0o1777);
  for (let index = 0; index < 600; index++) tree.file(`many/file-${index}`, "");
  return tree;
}

async function make(t: TestContext, tree: Tree, sizeBytes: number | null = null): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "gonit-ext4-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "work"));
  const path = join(folder, "root.ext4");
  await makeExt4(inputFor(tree, join(folder, "work"), sizeBytes), path);
  return path;
}

function debugfs(path: string, request: string): string {
  return execFileSync("debugfs", ["-R", request, path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

test("makeExt4() keeps contents, owners, modes, links and times", async (t) => {
  const path = await make(t, example());
  assert.equal(debugfs(path, 'cat "/etc/a file"'), "with blanks\n");
  assert.match(debugfs(path, "stat /bin/su"), /Mode: +04755[\s\S]*User: +0 +Group: +42 /);
  assert.match(debugfs(path, "stat /home/web"), /Type: directory +Mode: +0750[\s\S]*User: 100000 +Group: +1000 /);
  assert.match(debugfs(path, "stat /init"), /Fast link dest: "system\/gonit"/);
  assert.equal(debugfs(path, "cat /far"), "/".padEnd(200, "x"));
  assert.match(debugfs(path, "stat /tmp"), /Mode: +01777/);
  const times = debugfs(path, "stat /system/gonit").match(/[acm]r?time: 0x[0-9a-f:]+/g) ?? [];
  assert.deepEqual(new Set(times.map((time) => time.replace(/^\w+: /, ""))), new Set(["0x6553f100:00000000"]));
  assert.equal(debugfs(path, "ls -p /many").match(/file-/g)?.length, 600);
});

test("makeExt4() gives the same bytes again, and others for another content", async (t) => {
  const first = readFileSync(await make(t, example()));
  assert.ok(first.equals(readFileSync(await make(t, example()))));
  const other = example();
  other.file("etc/more", "");
  assert.ok(!first.equals(readFileSync(await make(t, other))));
});

test("makeExt4() tells when the size does not suffice, and which names it cannot write", async (t) => {
  const big = new Tree();
  big.file("big", Buffer.alloc(20_000_000, 1));
  await assert.rejects(make(t, big, 12 * 1024 * 1024), {
    name: "Failure",
    message: /^cannot write [^\n]+ too small: see image\.size$/,
  });
  const odd = new Tree();
  odd.file('a"b', "");
  await assert.rejects(make(t, odd), { name: "Failure", message: /a"b to ext4/ });
});

test("uuidFor() makes a UUID of version 8 that depends on identity and purpose", () => {
  const uuid = uuidFor("a", "b");
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(uuid, uuidFor("a", "b"));
  assert.notEqual(uuid, uuidFor("a", "c"));
});
