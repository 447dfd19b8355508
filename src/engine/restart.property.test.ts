import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { restart, service } from "../../sim/plans.ts";
import { ended } from "../../tests/engine/ended.ts";
import { assertProperty } from "../../tests/properties.ts";
import type { RestartPlan } from "./plan.ts";
import { delayOf, judgeEnd } from "./restart.ts";
import { type End, newUnit } from "./state.ts";

const policy: fc.Arbitrary<RestartPlan> = fc
  .record({
    policy: fc.constantFrom("on-failure" as const, "always" as const),
    delayMs: fc.oneof(fc.nat(5), fc.nat(100_000), fc.nat(Number.MAX_SAFE_INTEGER)),
    delayMsMax: fc.oneof(fc.nat(1_000_000), fc.nat(Number.MAX_SAFE_INTEGER)),
    factor: fc.oneof(fc.constantFrom(1, 1.5, 2, 100), fc.double({ min: 1, max: 100, noNaN: true })),
    jitter: fc.oneof(fc.constantFrom(0, 0.1, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    resetAfterMs: fc.nat(500),
    limit: fc.record({ count: fc.integer({ min: 1, max: 4 }), windowMs: fc.integer({ min: 1, max: 300 }) }),
  })
  .map((options) => restart(options));
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const failures = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000_000 }));

test("delayOf() never shrinks from one failure to the next, begins with the delay and ends at the bound", () => {
  assertProperty(
    fc.property(policy, failures, chance, (plan, count, luck) => {
      assert.ok(delayOf(plan, count, luck) <= delayOf(plan, count + 1, luck));
      assert.equal(delayOf(plan, 1, 0.5), Math.min(plan.delayMs, plan.delayMsMax));
      if (plan.factor >= 2 && plan.delayMs > 0) assert.equal(delayOf(plan, 60, 0.5), plan.delayMsMax);
    }),
    { runs: 2000 },
  );
});

test("delayOf() stays within its jitter of what it is without, and reaches both ends", () => {
  assertProperty(
    fc.property(policy, failures, chance, (plan, count, luck) => {
      const middle = Math.min(plan.delayMs * plan.factor ** Math.min(count - 1, 100), plan.delayMsMax);
      const delay = delayOf(plan, count, luck);
      // Beyond 2^52 a double has no halves left.
      const slack = 0.5 + middle * 2 ** -50;
      assert.ok(Number.isInteger(delay) && delay >= 0, `${delay}`);
      assert.ok(delay >= middle * (1 - plan.jitter) - slack && delay <= middle * (1 + plan.jitter) + slack);
      assert.ok(Math.abs(delayOf(plan, count, 0) - middle * (1 - plan.jitter)) <= slack);
    }),
    { runs: 2000 },
  );
});

interface Ending {
  afterMs: number;
  readyForMs: number;
  code: number;
}

const endings: fc.Arbitrary<Ending[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(20), fc.nat(400)),
    readyForMs: fc.oneof(fc.constant(-1), fc.nat(600)),
    code: fc.constantFrom(0, 1, 1, 1),
  }),
  { maxLength: 30 },
);

function endOf({ code, readyForMs }: Ending): End {
  return ended({ wasReady: readyForMs >= 0, code });
}

test("judgeEnd() gives up exactly when so many restarts lie within the window, and counts failures in a row", () => {
  let gaveUp = 0;
  assertProperty(
    fc.property(policy, endings, (plan, list) => {
      const definition = service("a", { restart: plan });
      const unit = newUnit("a", 0);
      const restarts: number[] = [];
      let inARow = 0;
      let nowMs = 1_000_000;
      for (const ending of list) {
        nowMs += ending.afterMs;
        const { readyForMs, code } = ending;
        if (readyForMs >= plan.resetAfterMs) inARow = 0;
        const verdict = judgeEnd(definition, unit, endOf(ending), { nowMs, chance: 0.5, readyForMs });
        if (code === 0 && readyForMs >= 0 && plan.policy !== "always") {
          assert.equal(verdict.kind, "done");
          continue;
        }
        const { count, windowMs } = plan.limit as NonNullable<RestartPlan["limit"]>;
        const recent = restarts.filter((atMs) => nowMs - atMs < windowMs).length;
        if (recent >= count) {
          assert.equal(verdict.kind, "failed");
          gaveUp++;
          return;
        }
        restarts.push(nowMs);
        inARow++;
        const least = readyForMs < 0 ? 100 : 0;
        const delayMs = Math.max(least, delayOf(plan, inARow, 0.5));
        assert.deepEqual(verdict, { kind: "restart", rule: "restart-delay", delayMs });
        assert.ok(unit.restartTimes.length <= count + 1, "the list of restarts grows");
      }
    }),
    { runs: 1500 },
  );
  assert.ok(gaveUp > 100, `the limit was reached ${gaveUp} times only`);
});
