import assert from "node:assert/strict";
import { test } from "node:test";
import { Tree } from "./tree.ts";

function paths(tree: Tree): string[] {
  return tree.entries().map((entry) => entry.path);
}

test("Tree makes the folders on the way, and lists a folder before what is in it", () => {
  const tree = new Tree();
  tree.file("a/b/c", "");
  tree.file("a-b", "");
  tree.file("a/b.d", "");
  assert.deepEqual(paths(tree), ["a", "a/b", "a/b/c", "a/b.d", "a-b"]);
});

test("Tree puts what goes through a linked folder where the link leads, also when that is not there yet", () => {
  const tree = new Tree();
  tree.link("bin", "usr/bin");
  tree.file("bin/sh", "shell", 0o755);
  tree.folder("bin");
  assert.deepEqual(paths(tree), ["bin", "usr", "usr/bin", "usr/bin/sh"]);
  assert.equal(tree.get("bin")?.kind, "link");
  assert.equal(tree.find("bin/sh")?.path, "usr/bin/sh");
});

test("Tree.find() follows links to files, absolute and relative ones, and gives up in a circle", () => {
  const tree = new Tree();
  tree.file("usr/lib/x.so.1.2", "");
  tree.link("usr/lib/x.so.1", "x.so.1.2");
  tree.link("lib", "/usr/lib");
  assert.equal(tree.find("/lib/x.so.1")?.path, "usr/lib/x.so.1.2");
  assert.equal(tree.find("lib/none"), undefined);
  tree.link("round", "about");
  tree.link("about", "round");
  assert.throws(() => tree.find("round/x"), { name: "Failure", message: /circle/ });
});

test("Tree refuses a file in place of a folder, and a path through a file", () => {
  const tree = new Tree();
  tree.file("etc/hosts", "");
  assert.throws(() => tree.file("etc", ""), { name: "Failure", message: /\/etc of the image: it is a folder/ });
  assert.throws(() => tree.file("etc/hosts/x", ""), { name: "Failure", message: /\/etc\/hosts is a file/ });
});
