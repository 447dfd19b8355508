import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest } from "./rest.ts";
import type { Timers } from "./timers.ts";

/** A clock, the one timer that matters here, and how much memory is free in the heap. */
function world(looseBytes = 0) {
  let nowMs = 0;
  let releases = 0;
  let timer: { atMs: number; fire: () => void } | null = null;
  let armed = 0;
  (globalThis as { host?: unknown }).host = {
    now: () => ({ monotonicMs: nowMs, bootMs: nowMs, wallMs: nowMs }),
    looseMemory: () => looseBytes,
    releaseMemory: () => {
      releases++;
      looseBytes = 0;
    },
  };
  const timers = {
    arm: (_key: number, _clock: number, atMs: number, fire: () => void) => {
      armed++;
      timer = { atMs, fire };
    },
  } as unknown as Timers;
  return {
    rest: new Rest(timers, 1),
    armed: () => armed,
    releases: () => releases,
    free: (bytes: number) => {
      looseBytes += bytes;
    },
    advance(ms: number): void {
      const untilMs = nowMs + ms;
      while (timer !== null && timer.atMs <= untilMs) {
        nowMs = timer.atMs;
        const { fire } = timer;
        timer = null;
        fire();
      }
      nowMs = untilMs;
    },
  };
}

test("a long journal becomes a snapshot when nothing was added to it for a while, once", () => {
  const { rest, advance, armed } = world();
  let snapshots = 0;
  const turn = (records: number) => rest.afterTurn(records, () => snapshots++);
  for (let records = 1; records <= 200; records++) {
    turn(records);
    advance(10);
  }
  assert.equal(snapshots, 0);
  // Turns that add nothing, such as the timer's own, put it off no longer.
  for (let count = 0; count < 10; count++) {
    advance(50);
    turn(snapshots === 0 ? 200 : 0);
  }
  assert.equal(snapshots, 1);
  const before = armed();
  advance(10_000);
  assert.equal(armed(), before);
});

test("a short journal is left as it is", () => {
  const { rest, advance } = world();
  for (let records = 1; records < 50; records++) rest.afterTurn(records, () => assert.fail("a snapshot"));
  advance(10_000);
});

test("the memory of the start is given back, once nothing has been journalled for a while", () => {
  const { rest, advance, armed, releases } = world();
  const turn = (records: number) => rest.afterTurn(records, () => assert.fail("a snapshot"));
  for (let records = 1; records <= 30; records++) {
    turn(records);
    advance(100);
  }
  assert.equal(releases(), 0);
  advance(200);
  turn(30);
  assert.equal(releases(), 1);
  const before = armed();
  turn(31);
  advance(10_000);
  assert.deepEqual([releases(), armed()], [1, before]);
});

test("memory is given back again when much of it became free, also by turns that journal nothing", () => {
  const { rest, advance, releases, free } = world();
  const turn = () => rest.afterTurn(1, () => assert.fail("a snapshot"));
  turn();
  advance(200);
  assert.equal(releases(), 1);
  free(256 * 1024 - 1);
  turn();
  advance(10_000);
  assert.equal(releases(), 1);
  free(1);
  turn();
  advance(199);
  assert.equal(releases(), 1);
  advance(1);
  turn();
  advance(10_000);
  assert.equal(releases(), 2);
});
