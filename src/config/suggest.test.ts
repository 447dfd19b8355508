import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "./suggest.ts";

/** Optimal string alignment by its definition, slow and short. */
function reference(from: string, to: string): number {
  if (from === "" || to === "") return from.length + to.length;
  const last = [from.slice(0, -1), to.slice(0, -1)] as const;
  const ways = [
    reference(last[0], to) + 1,
    reference(from, last[1]) + 1,
    reference(last[0], last[1]) + (from.at(-1) === to.at(-1) ? 0 : 1),
  ];
  if (from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) && from.at(-2) === to.at(-1)) {
    ways.push(reference(from.slice(0, -2), to.slice(0, -2)) + 1);
  }
  return Math.min(...ways);
}

test("editDistance() is the optimal string alignment distance", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  fc.assert(fc.property(word, word, (from, to) => assert.equal(editDistance(from, to), reference(from, to))));
});

test("nearest() finds slips of the finger and nothing that is far away", () => {
  const known = ["command", "restart", "environment", "ready"];
  assert.equal(nearest("comand", known), "command");
  assert.equal(nearest("retsart", known), "restart");
  assert.equal(nearest("Ready", known), "ready");
  assert.equal(nearest("volume", known), null);
  assert.equal(nearest("x", known), null);
  assert.equal(didYouMean("enviroment", known), "did you mean environment?");
  assert.equal(didYouMean("zzzz", known), "");
});
