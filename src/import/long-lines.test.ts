/** Lines without end of every kind: an import takes a moment, not a power of their length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryFiles } from "../../tests/config/memory-files.ts";
import { npmYaml } from "../../tests/config/yaml-events.ts";
import { importFiles } from "./import.ts";
import type { Kind } from "./kinds.ts";
import { Unusable } from "./sources.ts";

/** Where a value stands in a file of each kind. */
const places: [kind: Kind, path: string, text: (value: string) => string][] = [
  ["procfile", "Procfile", (value) => `web: ${value}\n`],
  ["procfile", "Procfile", (value) => `${value}\nweb: x\n`],
  [
    "supervisord",
    "supervisord.conf",
    (value) => `[program:a]\ncommand=x ${value}\nenvironment=${value}\nexitcodes=${value}\n`,
  ],
  [
    "compose",
    "compose.yaml",
    (value) =>
      `services:\n  a: {command: ${JSON.stringify(value)}, healthcheck: {test: ${JSON.stringify(value)}, interval: ${JSON.stringify(value)}}}\n`,
  ],
  [
    "systemd",
    "a.service",
    (value) => `[Service]\nExecStart=/x ${value}\nEnvironment=${value}\nRestartSec=${value}\nUser=${value}\n`,
  ],
  [
    "systemd",
    "a.service",
    (value) => `[Unit]\nAfter=${value}\n[Service]\nExecStart=/x\nExecReload=/bin/kill ${value}\n`,
  ],
  [
    "process-compose",
    "process-compose.yaml",
    (value) => `processes:\n  a: {command: ${JSON.stringify(value)}, environment: [${JSON.stringify(value)}]}\n`,
  ],
  ["runit", "a/run", (value) => `#!/bin/sh\nexec x ${value}\n`],
  ["s6", "a/run", (value) => `#!/command/execlineb -P\nx ${value}\n`],
  [
    "pebble",
    "001-a.yaml",
    (value) => `services:\n  a: {override: replace, command: ${JSON.stringify(`x ${value}`)}}\n`,
  ],
];

const pieces = [
  " ",
  "a",
  "a ",
  '"',
  '"a" ',
  "'",
  "'a' ",
  "\\",
  "$",
  "${",
  "${A}",
  "%",
  "%(a)s",
  "%%",
  "1m",
  "9",
  "1 ",
  "=",
  "a=1,",
  ", ",
  "- ",
  ";",
  "{{",
  "2>&1 ",
  "[",
  "..",
];
const length = 20_000;

test("lines without end are imported or refused in a moment", () => {
  let count = 0;
  for (const [kind, path, text] of places) {
    for (const piece of pieces) {
      // What comes last makes an expression that has matched so far fail.
      const value = `${piece.repeat(length / piece.length)}\u00e9`;
      const files = memoryFiles({ [`/app/${path}`]: text(value) });
      const options = { paths: ["."], kind, workingDirectory: "/app", encodeUtf8: (one: string) => Buffer.from(one) };
      try {
        assert.ok(importFiles(options, files, npmYaml).services.length > 0);
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
      }
      count++;
    }
  }
  assert.equal(count, places.length * pieces.length);
});
