import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceKey, parseInstanceKey } from "./instance.ts";

test("instanceKey() names the first replica by its service alone", () => {
  assert.equal(instanceKey({ service: "web", replica: 1 }), "web");
  assert.equal(instanceKey({ service: "web", replica: 2 }), "web@2");
});

test("parseInstanceKey() is the reverse of instanceKey()", () => {
  for (const service of ["web", "7", "mail@host"]) {
    for (const replica of [1, 2, 12]) {
      const id = { service, replica };
      assert.deepEqual(parseInstanceKey(instanceKey(id)), id);
    }
  }
});

test("parseInstanceKey() takes an @ without a number from 1 for a part of the name", () => {
  for (const service of ["@2", "a@0", "a@-1", "a@1.5", "a@b", "@"])
    assert.deepEqual(parseInstanceKey(service), { service, replica: 1 });
});
