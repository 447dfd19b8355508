import assert from "node:assert/strict";
import { test } from "node:test";
import { enabledLayerFile, enabledLayerText, readEnabledLayer } from "./enabled-layer.ts";

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

test("the file of enable and disable stands in config.d and names services in order", () => {
  assert.equal(enabledLayerFile, "config.d/gonit-enabled.yml");
  const head = "# Written by gonit enable and gonit disable. It is read after all other files of the configuration.";
  const text = `${head}\nservices:\n  - { name: "a", enabled: false }\n  - { name: "b", enabled: true }\n`;
  const enabled = new Map([
    ["b", true],
    ["a", false],
  ]);
  assert.equal(enabledLayerText(enabled), text);
});

test("readEnabledLayer() reads no line with more in it", () => {
  const line = '  - { name: "a", enabled: true }';
  assert.notEqual(readEnabledLayer(line), null);
  for (const other of [`x${line}`, `${line} x`]) assert.equal(readEnabledLayer(other), null);
});
