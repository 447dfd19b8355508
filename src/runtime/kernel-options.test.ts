import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelOptions } from "./kernel-options.ts";

const words = (given: Record<string, string>) => (name: string) => given[name] ?? null;

test("kernelOptions() takes the words of gonit and no other", () => {
  const options = kernelOptions(words({ "gonit.config": "/etc/my.yml", splash: "", quiet: "" }));
  assert.equal(options.file, "/etc/my.yml");
  assert.equal(options.command, null);
  assert.equal(options.logFormat, null);
  assert.equal(options.rescue, false);
});

test("kernelOptions() without words finds the configuration by the role", () => {
  assert.equal(kernelOptions(words({ "gonit.config": "" })).file, null);
  assert.equal(kernelOptions(words({ "gonit.rescue": "" })).rescue, true);
});

test("kernelOptions() leaves out a log format that there is not", () => {
  assert.equal(kernelOptions(words({ "gonit.log_format": "json" })).logFormat, "json");
  assert.equal(kernelOptions(words({ "gonit.log_format": "xml" })).logFormat, null);
});
