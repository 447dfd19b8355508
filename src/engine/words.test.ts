import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "../contract.ts";
import { durationText, exitText, signalName, stageName } from "./words.ts";

test("signalName() has the field's names, real-time ones counted from 34", () => {
  assert.deepEqual([1, 9, 15, 31].map(signalName), ["SIGHUP", "SIGKILL", "SIGTERM", "SIGSYS"]);
  assert.equal(signalName(37), "SIGRTMIN+3");
});

test("exitText() tells code or signal", () => {
  assert.equal(exitText(3, null), "exited 3");
  assert.equal(exitText(null, 11), "ended by SIGSEGV");
  assert.equal(exitText(null, null), "ended");
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
