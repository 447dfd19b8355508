import assert from "node:assert/strict";
import { test } from "node:test";
import { familyOf, instanceKey, parseInstanceKey } from "./instance.ts";

test("parseInstanceKey() is the reverse of instanceKey(), and knows the number of a replica", () => {
  for (const [name, replica] of [
    ["web", 1],
    ["7", 1],
    ["web@1", 1],
    ["web@2", 2],
    ["web@12", 12],
  ] as const) {
    assert.deepEqual(parseInstanceKey(name), { service: name, replica });
    assert.equal(instanceKey(parseInstanceKey(name)), name);
  }
});

test("familyOf() takes the number of a replica away, and nothing else", () => {
  assert.deepEqual(["web@2", "web", "web@10", "a@0", "a@b"].map(familyOf), ["web", "web", "web", "a@0", "a@b"]);
});

test("familyOf() looks at the end of the name only", () => {
  assert.equal(familyOf("web@1.x"), "web@1.x");
});
