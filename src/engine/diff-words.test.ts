import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { environmentKeys } from "./diff-words.ts";

test("environmentKeys() names five variables, and how many more there are", () => {
  const keys = (count: number) =>
    environmentKeys(
      service("a"),
      service("a", { environment: Object.fromEntries(Array.from("ABCDEFG".slice(0, count), (name) => [name, "1"])) }),
    );
  assert.deepEqual(keys(5), ["environment (A, B, C, D, E)"]);
  assert.deepEqual(keys(7), ["environment (A, B, C, D, E and 2 more)"]);
});

test("environmentKeys() takes all variables for those of a file that leaves none to environment", () => {
  const to = service("a", { environment: { A: "1" }, environmentFiles: [{ path: "/x", required: true }] });
  assert.deepEqual(environmentKeys(service("a"), to), ["env_file (A)"]);
});
