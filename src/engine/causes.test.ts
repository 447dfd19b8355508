import assert from "node:assert/strict";
import { test } from "node:test";
import { readCauses, recordCause } from "./causes.ts";
import { initialState, newUnit } from "./state.ts";

test("readCauses() gives the newest first and forgets the oldest", () => {
  const state = initialState();
  const unit = newUnit("a", 0);
  for (let at = 0; at < 40; at++) recordCause(state, unit, at, "timer-fired", "starts", `number ${at}`);
  const causes = readCauses(unit.causes);
  assert.equal(causes.length, 16);
  assert.deepEqual(causes[0], { bootMs: 39, event: "timer-fired", rule: "starts", effect: "number 39" });
  assert.equal(causes[15]?.bootMs, 24);
});

test("the system's ring names the unit and stays bounded", () => {
  const state = initialState();
  for (let at = 0; at < 1000; at++) recordCause(state, at % 2 === 0 ? newUnit("a", 0) : null, at, "e", "idle", "");
  const causes = readCauses(state.causes);
  assert.equal(causes.length, 256);
  assert.deepEqual(
    causes.slice(0, 2).map(({ event }) => event),
    ["e", "e a"],
  );
});

test("readCauses() of an empty ring is empty", () => {
  assert.deepEqual(readCauses(initialState().causes), []);
});
