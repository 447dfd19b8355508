import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { restart, service } from "../../sim/plans.ts";
import { ended } from "../../tests/engine/ended.ts";
import { Stage } from "../contract.ts";
import { clearFailures, delayOf, judgeEnd } from "./restart.ts";
import { type End, newUnit } from "./state.ts";

const quick = { nowMs: 1000, chance: 0.5, readyForMs: 10 };

function end(options: Partial<End> = {}): End {
  return ended({ code: 1, ...options });
}

test("delayOf() doubles from the first failure to the bound", () => {
  const policy = restart({ delayMs: 500, delayMsMax: 3000 });
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((failures) => delayOf(policy, failures, 0.5)),
    [500, 1000, 2000, 3000, 3000],
  );
});

test("delayOf() stays finite, whole and within bound and jitter", () => {
  const policies = fc.record({
    delayMs: fc.nat(100_000),
    delayMsMax: fc.nat(1_000_000),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (policy, failures, chance) => {
        const delay = delayOf(restart(policy), failures, chance);
        assert.ok(Number.isInteger(delay) && delay >= 0);
        assert.ok(delay <= Math.ceil(policy.delayMsMax * (1 + policy.jitter)));
      },
    ),
  );
});

test("judgeEnd() lets a success end a service unless its policy is always", () => {
  const good = end({ code: 0 });
  assert.equal(judgeEnd(service("a"), newUnit("a", 0), good, quick).kind, "done");
  assert.equal(
    judgeEnd(service("a", { restart: restart({ policy: "always" }) }), newUnit("a", 0), good, quick).kind,
    "restart",
  );
});

test("judgeEnd() knows other success codes, and that a signal is none", () => {
  const plan = service("a", { restart: restart({ success: [0, 143] }) });
  assert.equal(judgeEnd(plan, newUnit("a", 0), end({ code: 143 }), quick).kind, "done");
  assert.equal(judgeEnd(plan, newUnit("a", 0), end({ code: null, signal: 15 }), quick).kind, "restart");
});

test("judgeEnd() takes neither an unknown code nor the end of what had to be stopped for a success", () => {
  const plan = service("a", { restart: restart({ success: [0, 1] }) });
  assert.equal(judgeEnd(plan, newUnit("a", 0), end({ code: null }), quick).kind, "restart");
  assert.equal(judgeEnd(plan, newUnit("a", 0), end({ cause: "run-timeout", code: 0 }), quick).kind, "restart");
});

test("judgeEnd() takes exit 0 before ready for a failure", () => {
  const plan = service("a", { restart: restart({ policy: "no" }) });
  const verdict = judgeEnd(plan, newUnit("a", 0), end({ code: 0, wasReady: false }), quick);
  assert.deepEqual(verdict, { kind: "failed", rule: "policy-no-restart", reason: "exited 0 before ready" });
});

test("judgeEnd() gives up after the limit's count within its window only", () => {
  const plan = service("a", { restart: restart({ limit: { count: 2, windowMs: 1000 } }) });
  const unit = newUnit("a", 0);
  const at = (nowMs: number) => judgeEnd(plan, unit, end(), { ...quick, nowMs }).kind;
  assert.deepEqual([at(0), at(500), at(1400), at(1450)], ["restart", "restart", "restart", "failed"]);
});

test("judgeEnd() tries again for lack of room whatever the policy, without counting a failure", () => {
  const plan = service("a", { restart: restart({ policy: "no", delayMs: 0 }) });
  const unit = newUnit("a", 0);
  const none = end({ cause: "spawn-failed", stage: Stage.clone, errno: 11, code: null, wasReady: false });
  assert.deepEqual(judgeEnd(plan, unit, none, { ...quick, readyForMs: -1 }), {
    kind: "restart",
    rule: "no-room",
    delayMs: 100,
  });
  assert.equal(unit.failures, 0);
  assert.equal(unit.refused, 1);
});

test("judgeEnd() never retries a failed start faster than ten times a second", () => {
  const plan = service("a", { restart: restart({ delayMs: 0 }) });
  const failed = judgeEnd(plan, newUnit("a", 0), end({ wasReady: false }), { ...quick, readyForMs: -1 });
  assert.deepEqual(failed, { kind: "restart", rule: "restart-delay", delayMs: 100 });
  assert.deepEqual(judgeEnd(plan, newUnit("a", 0), end(), quick), {
    kind: "restart",
    rule: "restart-delay",
    delayMs: 0,
  });
});

test("judgeEnd() forgets failures after a long run", () => {
  const unit = newUnit("a", 0);
  unit.failures = 7;
  judgeEnd(service("a"), unit, end(), { ...quick, readyForMs: 60_000 });
  assert.equal(unit.failures, 1);
  clearFailures(unit);
  assert.equal(unit.failures, 0);
});

test("judgeEnd() counts the successful runs of a task", () => {
  const plan = service("a", { type: "task", runs: 2 });
  const unit = newUnit("a", 0);
  const good = end({ code: 0 });
  assert.deepEqual(
    [judgeEnd(plan, unit, good, quick).kind, judgeEnd(plan, unit, good, quick).kind],
    ["next-run", "done"],
  );
});
