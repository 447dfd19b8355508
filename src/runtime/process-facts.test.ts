import assert from "node:assert/strict";
import { test } from "node:test";
import { hasEnded, parseStat } from "./process-facts.ts";

test("parseStat() reads behind the last bracket of a name that may hold anything", () => {
  const stat = parseStat("42 (a) b) (c) S 7 42 40 0 -1 4194560 1");
  assert.deepEqual(stat, { state: "S", parent: 7, group: 42, session: 40 });
  assert.equal(parseStat("42 (a) S"), null);
  assert.equal(parseStat(""), null);
});

test("hasEnded() knows zombies", () => {
  const at = (state: string) => hasEnded({ state, parent: 1, group: 1, session: 1 });
  assert.deepEqual(["Z", "X", "R", "S", "T", "D"].map(at), [true, true, false, false, false, false]);
});
