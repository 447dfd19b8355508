import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { cpioArchive } from "./cpio.ts";
import { Tree } from "./tree.ts";

function example(): Tree {
  const tree = new Tree();
  tree.file("init", "#!/bin/sh\n", 0o755);
  tree.file("usr/bin/odd", Buffer.alloc(4099, 7), 0o4755);
  tree.file("etc/empty", "");
  tree.file("etc/grüße", "text");
  tree.link("bin", "usr/bin");
  tree.folder("tmp", 0o1777);
  return tree;
}

const SECONDS = 1_700_000_000;

function unpack(t: TestContext, archive: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "gonit-cpio-"));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync("cpio", ["-i", "--quiet", "--preserve-modification-time"], { cwd: folder, input: archive });
  return folder;
}

test("cpioArchive() lists and unpacks with cpio(1) as what went in", (t) => {
  const tree = example();
  const archive = cpioArchive(tree.entries(), SECONDS);
  const listed = execFileSync("cpio", ["-t", "--quiet"], { input: archive, encoding: "utf8" }).trimEnd().split("\n");
  assert.deepEqual(
    listed,
    tree.entries().map((entry) => entry.path),
  );
  const folder = unpack(t, archive);
  assert.equal(readFileSync(join(folder, "init"), "utf8"), "#!/bin/sh\n");
  assert.equal(readFileSync(join(folder, "etc/grüße"), "utf8"), "text");
  assert.equal(readFileSync(join(folder, "etc/empty")).length, 0);
  assert.deepEqual(readFileSync(join(folder, "usr/bin/odd")), Buffer.alloc(4099, 7));
  assert.equal(readlinkSync(join(folder, "bin")), "usr/bin");
  assert.equal(lstatSync(join(folder, "usr/bin/odd")).mode, 0o104755);
  assert.equal(lstatSync(join(folder, "tmp")).mode, 0o041777);
  assert.equal(lstatSync(join(folder, "init")).mtimeMs, SECONDS * 1000);
});

test("cpioArchive() tells owners and devices as cpio(1) lists them", () => {
  const tree = new Tree();
  tree.add({ kind: "device", path: "dev/console", mode: 0o600, uid: 0, gid: 5, major: 5, minor: 1 });
  tree.add({
    kind: "file",
    path: "home/x",
    mode: 0o640,
    uid: 1000,
    gid: 1001,
    size: 1,
    content: () => Buffer.from("x"),
  });
  const input = cpioArchive(tree.entries(), SECONDS);
  const text = execFileSync("cpio", ["-tvn", "--quiet"], { input, encoding: "utf8" });
  assert.match(text, /^crw------- +1 0 +5 +5, +1 .* dev\/console$/m);
  assert.match(text, /^-rw-r----- +1 1000 +1001 +1 .* home\/x$/m);
});

test("cpioArchive() gives the same bytes for the same entries, whatever order they came in", () => {
  const tree = new Tree();
  tree.folder("tmp", 0o1777);
  tree.link("bin", "usr/bin");
  tree.file("etc/grüße", "text");
  tree.file("etc/empty", "");
  tree.file("usr/bin/odd", Buffer.alloc(4099, 7), 0o4755);
  tree.file("init", "#!/bin/sh\n", 0o755);
  assert.ok(cpioArchive(tree.entries(), SECONDS).equals(cpioArchive(example().entries(), SECONDS)));
});
