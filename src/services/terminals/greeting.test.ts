import assert from "node:assert/strict";
import { test } from "node:test";
import { greeting } from "./greeting.ts";

const facts = { title: "Shop", version: "1.4", host: "gonit", terminal: "/dev/console", isRelayed: true };

test("greeting() names title, version, host and device", () => {
  assert.match(greeting(facts, null), /^\r\nShop 1\.4 \(gonit console\)\r\n/);
});

test("greeting() leaves out the host name of a machine that has none", () => {
  assert.match(greeting({ ...facts, host: "(none)" }, null), /^\r\nShop 1\.4 \(console\)\r\n/);
});

test("greeting() tells the relay's keys only where there is a relay", () => {
  assert.ok(greeting(facts, null).includes("Ctrl-] then q"));
  assert.ok(!greeting({ ...facts, isRelayed: false }, null).includes("Ctrl-]"));
});

test("greeting() does without a title, and does not let one act on the terminal", () => {
  assert.match(greeting({ ...facts, title: "", version: "" }, null), /^\r\ngonit \(/);
  assert.match(greeting({ ...facts, title: "a\u001b[2Jb\u009b" }, null), /^\r\na\?\[2Jb\? 1\.4 \(/);
});

test("greeting() is the configuration's message where it has one, line by line", () => {
  assert.equal(greeting(facts, "Hello\nyou \u001b[2J"), "\r\nHello\r\nyou ?[2J\r\n");
});
