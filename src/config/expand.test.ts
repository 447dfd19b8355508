import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeDollars, expand } from "./expand.ts";

const values = new Map([
  ["HOME", "/home/me"],
  ["EMPTY", ""],
]);

function expanded(text: string): string {
  const result = expand(text, (name) => values.get(name));
  return "text" in result ? result.text : `error: ${result.error}`;
}

test("expand() replaces ${NAME}, defaults and $$, and nothing else", () => {
  assert.equal(expanded("${HOME}/x"), "/home/me/x");
  assert.equal(expanded("a${EMPTY}b"), "ab");
  assert.equal(expanded("${NOPE:-x y}"), "x y");
  assert.equal(expanded("${EMPTY:-x}"), "x");
  assert.equal(expanded("${NOPE:-}"), "");
  assert.equal(expanded("$$HOME $${HOME} $$$$"), "$HOME ${HOME} $$");
  assert.equal(expanded("$HOME $1 100$ $(id)"), "$HOME $1 100$ $(id)");
  assert.equal(expanded("x1%2BTV%s%%d%(here)s"), "x1%2BTV%s%%d%(here)s");
  assert.equal(expanded("plain"), "plain");
});

test("expand() refuses what is not set or not closed, with what to write", () => {
  assert.equal(expanded("${NOPE}"), "error: the variable NOPE is not set");
  assert.equal(expanded("${HOME"), "error: ${ is not closed with }");
  assert.equal(expanded("${HOME:?why}"), "error: ${HOME:?why} is neither ${NAME} nor ${NAME:-text}");
  assert.equal(expanded("${}"), "error: ${} is neither ${NAME} nor ${NAME:-text}");
  const result = expand("${NOPE}", () => undefined);
  assert.ok("fix" in result);
  assert.equal(result.fix, "set NOPE, write ${NOPE:-text} for a default, or $${NOPE} to leave it to the program");
});

test("escapeDollars() is undone by expand()", () => {
  const text = fc.string({ unit: fc.constantFrom("$", "{", "}", "a", ":", "-") });
  fc.assert(fc.property(text, (original) => assert.equal(expanded(escapeDollars(original)), original)));
});
