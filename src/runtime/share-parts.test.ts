import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../tests/config/memory-files.ts";
import { shareParts } from "./share-parts.ts";

const text = `
services:
  - {name: a, command: sleep 1, stop: {timeout: 3s}}
  - {name: b, command: sleep 1, stop: {timeout: 3s}, depends_on: [a]}
  - {name: c, command: sleep 2}
`;

test("equal parts become one object, and the plan says the same as before", () => {
  const plan = shareParts(planOf(text));
  assert.equal(JSON.stringify(plan), JSON.stringify(planOf(text)));
  const [a, b, c] = plan.services;
  assert.equal(a?.stop, b?.stop);
  assert.notEqual(a?.stop, c?.stop);
  assert.equal(a?.logs, c?.logs);
  assert.notEqual(a?.dependsOn, b?.dependsOn);
});
