import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type FileTexts, memoryFiles } from "../../tests/config/memory-files.ts";
import { npmYaml } from "../../tests/config/yaml-events.ts";
import { loadPlan } from "../config/load.ts";
import { machineOptions, storedPlan } from "../config/stored-plan.ts";
import { readStoredPlan } from "./stored-plan.ts";

const configuration = `title: \${STORE:-none}
env_file: /etc/all.env
services:
  - {name: own}
  - {name: job, command: x, schedule: "0 6 * * *", timezone: Europe/Berlin}
`;
const files: FileTexts = {
  "/system/config.yml": configuration,
  "/system/services/own/bin/own": "a program",
  "/etc/all.env": "A=1\n",
};
const environment = new Map([["TERM", "linux"]]);

/** A machine with these files, whose gonit is of this build. */
function machineWith(texts: FileTexts, build = "b1"): void {
  const now = memoryFiles(texts);
  const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
  (globalThis as { host?: unknown }).host = {
    build: () => build,
    hash: sha256,
    stat: (path: string) => {
      const kind = now.kindOf(path);
      return typeof kind === "string" ? { kind } : kind;
    },
    readFile: now.readFile,
    listDirectory: now.list,
    realPath: now.realPath,
  };
}

function stored(): string {
  machineWith(files);
  const result = storedPlan(memoryFiles(files), npmYaml);
  assert.ok("text" in result, JSON.stringify(result));
  return result.text;
}

test("readStoredPlan() gives the plan that a reader would, as long as everything is the same", () => {
  const text = stored();
  const read = loadPlan(machineOptions, memoryFiles(files), npmYaml);
  assert.ok("plan" in read);
  const same = JSON.parse(JSON.stringify(read.plan)) as unknown;
  assert.deepEqual(readStoredPlan(text, environment), same);
  // What nobody looked at may be as it likes.
  machineWith({ ...files, "/etc/other": "x", "/system/state/y": "z" });
  assert.deepEqual(readStoredPlan(text, new Map([["BOOT_IMAGE", "/vmlinuz"]])), same);
});

const changes: [what: string, FileTexts][] = [
  ["the configuration", { ...files, "/system/config.yml": `${configuration}# changed\n` }],
  ["a second configuration", { ...files, "/system/config.yaml": "title: other\n" }],
  ["a file in config.d", { ...files, "/system/config.d/10.yml": "title: other\n" }],
  ["what gonit enable was told", { ...files, "/system/config.d/gonit-enabled.yml": "services:\n" }],
  ["a service's own file", { ...files, "/system/services/own/config.yml": "command: y\n" }],
  ["another service's folder", { ...files, "/system/services/more/bin/more": "" }],
  ["an env_file", { ...files, "/etc/all.env": "A=2\n" }],
  ["the modules of an image", { ...files, "/system/modules": "" }],
  ["a program that is gone", { "/system/config.yml": configuration, "/etc/all.env": "A=1\n" }],
  ["a zone file", { ...files, "/usr/share/zoneinfo/Europe/Berlin": "TZif other" }],
];

for (const [what, changed] of changes) {
  test(`readStoredPlan() gives none when something else is there: ${what}`, () => {
    const text = stored();
    machineWith(changed);
    assert.equal(readStoredPlan(text, environment), null);
  });
}

test("readStoredPlan() gives none for another variable, of another build, and from a torn or foreign file", () => {
  const text = stored();
  assert.equal(readStoredPlan(text, new Map([["STORE", "Berlin"]])), null);
  assert.equal(readStoredPlan(text.slice(0, -1), environment), null);
  assert.equal(readStoredPlan(text.replace('"own"', '"owm"'), environment), null);
  for (const other of ["", "\n", "title: a configuration\n", text.slice(0, 40)]) {
    assert.equal(readStoredPlan(other, environment), null, other);
  }
  machineWith(files, "b2");
  assert.equal(readStoredPlan(text, environment), null);
});

test("storedPlan() tells the problems of a configuration", () => {
  machineWith(files);
  const result = storedPlan(memoryFiles({ "/system/config.yml": "services: [{nam: x}]\n" }), npmYaml);
  assert.ok("problems" in result);
  assert.match(result.problems.join("\n"), /^\/system\/config\.yml:1:13: .*nam/m);
});
