import assert from "node:assert/strict";
import { test } from "node:test";
import { verbs } from "./verbs.ts";

test("verbs: no word means two of them", () => {
  const words = verbs.flatMap(({ name, aliases }) => [name, ...aliases]);
  assert.deepEqual(
    words.filter((word, at) => words.indexOf(word) !== at),
    [],
  );
});
