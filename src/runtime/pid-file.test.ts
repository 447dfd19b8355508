import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePid } from "./pid-file.ts";

test("parsePid() takes the number of the first line, and nothing that is none", () => {
  assert.equal(parsePid("123\n"), 123);
  assert.equal(parsePid(" 123"), 123);
  assert.equal(parsePid("123\n/var/lib/postgresql\n"), 123);
  assert.equal(parsePid(""), "it is empty");
  assert.equal(parsePid("\n12"), "it is empty");
  for (const text of ["-1", "12a", "0x10", "1.5", "12 13", "99999999999"])
    assert.equal(parsePid(text), "it holds no process number", text);
  assert.equal(parsePid("0"), "0 is no process number");
  assert.equal(parsePid("4194305"), "4194305 is no process number");
});
