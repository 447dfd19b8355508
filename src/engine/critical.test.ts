import assert from "node:assert/strict";
import { test } from "node:test";
import { ended } from "../../tests/engine/ended.ts";
import { Stage } from "../contract.ts";
import { exitCodeOf } from "./critical.ts";
import type { End } from "./state.ts";

const exited = ended();

test("exitCodeOf() is the service's code, or 128 and its signal", () => {
  assert.equal(exitCodeOf(exited), 0);
  assert.equal(exitCodeOf({ ...exited, code: 255 }), 255);
  assert.equal(exitCodeOf({ ...exited, code: null, signal: 9 }), 137);
});

test("exitCodeOf() of a failed start is 127, 126 or 1", () => {
  const failed: End = { ...exited, cause: "spawn-failed", wasReady: false, code: null };
  assert.equal(exitCodeOf({ ...failed, stage: Stage.exec, errno: 2 }), 127);
  assert.equal(exitCodeOf({ ...failed, stage: Stage.exec, errno: 13 }), 126);
  assert.equal(exitCodeOf({ ...failed, stage: Stage.directory, errno: 2 }), 1);
});

test("exitCodeOf() never hides a failed start behind code 0", () => {
  assert.equal(exitCodeOf({ ...exited, wasReady: false }), 1);
  assert.equal(exitCodeOf({ ...exited, cause: "start-timeout", code: 0 }), 1);
  assert.equal(exitCodeOf({ ...exited, wasReady: false, code: 3 }), 3);
});

test("exitCodeOf() of a daemon that died with a code that nobody knows is 1", () => {
  assert.equal(exitCodeOf({ ...exited, code: null }), 1);
});
