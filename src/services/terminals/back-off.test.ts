import assert from "node:assert/strict";
import { test } from "node:test";
import { afterEnd, noBackOff } from "./back-off.ts";

const failure = { lastedMs: 3, succeeded: false };

test("afterEnd() comes back at once after a session, however it ended", () => {
  for (const succeeded of [true, false]) {
    assert.deepEqual(afterEnd({ delayMs: 6400 }, { lastedMs: 1000, succeeded }), { waitMs: 0, backOff: noBackOff });
  }
});

test("afterEnd() comes back at once after one quick log-out", () => {
  assert.equal(afterEnd(noBackOff, { lastedMs: 5, succeeded: true }).waitMs, 0);
});

test("afterEnd() doubles the wait after each shell that ends at once, up to a minute", () => {
  const waits: number[] = [];
  let backOff = noBackOff;
  for (let at = 0; at < 12; at++) {
    const next = afterEnd(backOff, failure);
    waits.push(next.waitMs);
    backOff = next.backOff;
  }
  assert.deepEqual(waits.slice(0, 4), [100, 200, 400, 800]);
  assert.deepEqual(waits.slice(-2), [60_000, 60_000]);
});

test("afterEnd() does not let shells that end at once with success loop", () => {
  let { backOff } = afterEnd(noBackOff, { lastedMs: 0, succeeded: true });
  let total = 0;
  for (let at = 0; at < 5; at++) {
    const next = afterEnd(backOff, { lastedMs: 0, succeeded: true });
    total += next.waitMs;
    backOff = next.backOff;
  }
  assert.equal(total, 3100);
});
