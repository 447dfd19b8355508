import assert from "node:assert/strict";
import { test } from "node:test";
import { greeting } from "./greeting.ts";

const facts = { title: "Shop", version: "1.4", host: "gonit", terminal: "/dev/console", isRelayed: true };

test("greeting() names title, version, host and device", () => {
  assert.match(greeting(facts), /^\r\nShop 1\.4 \(gonit console\)\r\n/);
});

test("greeting() tells the relay's keys only where there is a relay", () => {
  assert.ok(greeting(facts).includes("Ctrl-] then q"));
  assert.ok(!greeting({ ...facts, isRelayed: false }).includes("Ctrl-]"));
});

test("greeting() does without a title, and does not let one act on the terminal", () => {
  assert.match(greeting({ ...facts, title: "", version: "" }), /^\r\ngonit \(/);
  assert.match(greeting({ ...facts, title: "a\u001b[2Jb\u009b" }), /^\r\na\?\[2Jb\? 1\.4 \(/);
});
