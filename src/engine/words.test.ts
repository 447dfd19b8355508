import assert from "node:assert/strict";
import { test } from "node:test";
import { ended } from "../../tests/engine/ended.ts";
import { SignalScope, Stage } from "../contract.ts";
import type { End } from "./state.ts";
import { durationText, endText, exitText, scopeOf, signalName, sizeText, stageName } from "./words.ts";

test("signalName() has the field's names, real-time ones counted from 34", () => {
  assert.deepEqual([1, 9, 15, 31].map(signalName), ["SIGHUP", "SIGKILL", "SIGTERM", "SIGSYS"]);
  assert.deepEqual([32, 33, 34, 37].map(signalName), ["signal 32", "signal 33", "SIGRTMIN+0", "SIGRTMIN+3"]);
});

test("scopeOf() is the contract's number of what is killed", () => {
  const scopes = [SignalScope.process, SignalScope.group, SignalScope.tree];
  assert.deepEqual((["process", "group", "tree"] as const).map(scopeOf), scopes);
});

test("exitText() tells code or signal", () => {
  assert.equal(exitText(3, null), "exited 3");
  assert.equal(exitText(null, 11), "ended by SIGSEGV");
  assert.equal(exitText(null, null), "ended");
});

test("endText() tells how a run ended, in one line", () => {
  const text = (fields: Partial<End>) => endText(ended({ code: null, ...fields }));
  assert.equal(text({ code: 3 }), "exited 3");
  assert.equal(text({ signal: 11, core: true, wasReady: false }), "ended by SIGSEGV (core dumped) before ready");
  assert.equal(text({ signal: 9, detail: "out of memory" }), "ended by SIGKILL: out of memory");
  assert.equal(text({ cause: "spawn-failed", stage: Stage.exec, errno: 5 }), "cannot be started (exec, errno 5)");
  assert.equal(text({ cause: "spawn-failed", stage: Stage.exec, errno: 2, detail: "no /bin/x" }), "no /bin/x");
  assert.equal(text({ cause: "start-timeout", code: 0, detail: "not ready within 1s" }), "not ready within 1s");
  assert.equal(text({ cause: "request" }), "stopped");
  assert.equal(text({ cause: "request", code: 0 }), "exited 0");
  assert.equal(text({ cause: "request", signal: 15 }), "ended by SIGTERM");
});

test("stageName() writes a stage in words", () => {
  assert.equal(stageName(Stage.lookupUser), "lookup user");
  assert.equal(stageName(Stage.exec), "exec");
  assert.equal(stageName(99), "stage 99");
});

test("durationText() is exact below ten seconds, then to the second", () => {
  assert.deepEqual([0, 500, 1000, 1500, 90_000, 120_000, 5_400_000, 12_345, 3_600_500, 2129].map(durationText), [
    "0ms",
    "500ms",
    "1s",
    "1.5s",
    "90s",
    "2m",
    "1h30m",
    "12s",
    "1h1s",
    "2.129s",
  ]);
});

test("sizeText() is exact, in the largest unit that is", () => {
  const sizes = [0, 1, 1023, 1024, 1536, 1 << 20, 3 * 2 ** 30, 2 ** 40, 2 ** 50];
  assert.deepEqual(sizes.map(sizeText), ["0", "1", "1023", "1K", "1536", "1M", "3G", "1T", "1024T"]);
});
