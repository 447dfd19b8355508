import assert from "node:assert/strict";
import { test } from "node:test";
import { none, withItem, withoutItem } from "./lists.ts";

test("withItem() leaves the empty list of all alone, and goes on with the list that a field has got", () => {
  const first = withItem<number>(none, 1);
  assert.deepEqual(first, [1]);
  assert.equal(withItem(first, 2), first);
  assert.deepEqual(first, [1, 2]);
  assert.equal(none.length, 0);
});

test("withoutItem() gives back the empty list of all when nothing is left", () => {
  const two = ["a", "b"];
  assert.equal(withoutItem(two, 0), two);
  assert.deepEqual(two, ["b"]);
  assert.equal(withoutItem(two, 0), none);
});
