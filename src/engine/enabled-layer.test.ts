import assert from "node:assert/strict";
import { test } from "node:test";
import { enabledLayerText, readEnabledLayer } from "./enabled-layer.ts";

test("readEnabledLayer() reads what enabledLayerText() writes", () => {
  const enabled = new Map([
    ["web", true],
    ["1.10", false],
    ["null", false],
  ]);
  assert.deepEqual(readEnabledLayer(enabledLayerText(enabled)), enabled);
  assert.deepEqual(readEnabledLayer(""), new Map());
});

test("readEnabledLayer() reads nothing that gonit did not write", () => {
  assert.equal(readEnabledLayer("services:\n  - { name: web, enabled: true }\n"), null);
  assert.equal(readEnabledLayer("title: mine\n"), null);
});
