import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImports, checkPurity, codeOf, importsOf, resolveImport } from "./check-imports.ts";

test("importsOf() finds each form, and whether only types are taken", () => {
  const text = `import { a } from "./a.ts";
import type { B } from "./b.ts";
import { type C, type D } from "./c.ts";
import { type E, f } from "./e.ts";
import "./side.ts";
export { g } from "./g.ts";
export * from "./h.ts";
import {
  i,
} from "./i.ts";
const lazy = () => import("./lazy.ts");
`;
  const found = importsOf(text).map((one) => `${one.specifier}${one.typesOnly ? " types" : ""}`);
  assert.deepEqual(found, [
    "./a.ts",
    "./b.ts types",
    "./c.ts types",
    "./e.ts",
    "./g.ts",
    "./h.ts",
    "./i.ts",
    "./side.ts",
    "./lazy.ts",
  ]);
});

test("resolveImport() names the file from the project's folder", () => {
  assert.equal(resolveImport("src/engine/a.ts", "./b.ts"), "src/engine/b.ts");
  assert.equal(resolveImport("src/engine/a.ts", "../contract.ts"), "src/contract.ts");
  assert.equal(resolveImport("src/engine/a.ts", "../../sim/world.ts"), "sim/world.ts");
});

test("checkImports() lets the engine import only itself and the contract", () => {
  const text =
    'import { a } from "./a.ts";\nimport { Stage } from "../contract.ts";\nimport { loop } from "../runtime/loop.ts";\n';
  const complaints = checkImports("src/engine/step.ts", text);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0] ?? "", /^src\/engine\/step\.ts imports src\/runtime\/loop\.ts: engine may import only/);
});

test("checkImports() lets the client take only types of the engine", () => {
  assert.deepEqual(checkImports("src/cli/main.ts", 'import type { View } from "../engine/view.ts";'), []);
  assert.equal(checkImports("src/cli/main.ts", 'import { view } from "../engine/view.ts";').length, 1);
});

test("checkImports() keeps scripts, sim and packages out of src", () => {
  assert.equal(checkImports("src/runtime/a.ts", 'import { b } from "../../sim/b.ts";').length, 1);
  assert.equal(checkImports("src/runtime/a.ts", 'import * as v from "valibot";').length, 1);
  assert.deepEqual(checkImports("src/config/a.ts", 'import * as v from "valibot";'), []);
});

test("checkImports() lets of all of src only the verb simulate import the simulator", () => {
  const text = 'import { simulate } from "../../sim/simulate.ts";';
  assert.deepEqual(checkImports("src/cli/command-simulate.ts", text), []);
  assert.equal(checkImports("src/cli/command-status.ts", text).length, 1);
  assert.equal(checkImports("src/cli/command-simulate.ts", 'import { b } from "../../bench/b.ts";').length, 1);
});

test("checkImports() allows tests to use what they need", () => {
  assert.deepEqual(checkImports("src/engine/a.test.ts", 'import { test } from "node:test";'), []);
});

test("checkImports() asks for the ending of a file's name", () => {
  assert.match(checkImports("sim/a.ts", 'import { b } from "./b";')[0] ?? "", /with its \.ts ending/);
});

test("checkPurity() finds clock, chance and host in code, not in comments or texts", () => {
  const text = `/* Date and host.now() are not used */
const a = "Math.random"; // performance.now
const b = Math.random();
const c = host.now();
const ghost = 1;
`;
  const complaints = checkPurity("src/engine/a.ts", text);
  assert.deepEqual(
    complaints.map((line) => line.split(":").slice(0, 2).join(":")),
    ["src/engine/a.ts:3", "src/engine/a.ts:4"],
  );
  assert.deepEqual(checkPurity("src/runtime/a.ts", text), []);
});

test("codeOf() keeps the lines' numbers", () => {
  assert.equal(codeOf('a /* x\ny */ b "c" // d').split("\n").length, 2);
});
