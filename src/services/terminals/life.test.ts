import assert from "node:assert/strict";
import { test } from "node:test";
import { begun, dueMs, ended, failed, type Life, newLife } from "./life.ts";

/** How long it waits after a session of this length. */
function waitAfter(life: Life, lastedMs: number, succeeded: boolean): { life: Life; waitMs: number } {
  const next = ended(begun(life, 1000), 1000 + lastedMs, succeeded);
  return { life: next, waitMs: dueMs(next) - 1000 - lastedMs };
}

test("a new terminal begins at once; while a session runs it waits for its end only", () => {
  assert.equal(dueMs(newLife), 0);
  assert.equal(dueMs(begun(newLife, 5)), Number.POSITIVE_INFINITY);
});

test("a terminal comes back at once after a session, however it ended, and forgets earlier failures", () => {
  const tired = failed(failed(newLife, 0), 0);
  for (const succeeded of [true, false]) {
    const { life, waitMs } = waitAfter(tired, 1000, succeeded);
    assert.equal(waitMs, 0);
    assert.equal(waitAfter(life, 3, false).waitMs, 100);
  }
});

test("a terminal comes back at once after one quick log-out", () => {
  assert.equal(waitAfter(newLife, 5, true).waitMs, 0);
});

test("programs that end at once are tried less and less often, up to a minute", () => {
  const waits: number[] = [];
  let life: Life = newLife;
  for (let at = 0; at < 12; at++) {
    const next = waitAfter(life, 3, false);
    waits.push(next.waitMs);
    life = next.life;
  }
  assert.deepEqual(waits.slice(0, 4), [100, 200, 400, 800]);
  assert.deepEqual(waits.slice(-2), [60_000, 60_000]);
});

test("programs that end at once with success do not loop", () => {
  let { life } = waitAfter(newLife, 0, true);
  let total = 0;
  for (let at = 0; at < 5; at++) {
    const next = waitAfter(life, 0, true);
    total += next.waitMs;
    life = next.life;
  }
  assert.equal(total, 3100);
});

test("a terminal that cannot be used is tried each ten seconds at last, for ever", () => {
  let life: Life = newLife;
  let nowMs = 0;
  for (let at = 0; at < 20; at++) {
    life = failed(life, nowMs);
    assert.ok(dueMs(life) - nowMs <= 10_000);
    nowMs = dueMs(life);
  }
  assert.equal(dueMs(failed(life, nowMs)) - nowMs, 10_000);
});
