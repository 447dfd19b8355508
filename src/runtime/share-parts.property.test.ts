import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runHistory } from "../../sim/fuzz.ts";
import { type History, makeHistory } from "../../sim/histories.ts";
import { assertProperty } from "../../tests/properties.ts";
import type { Plan } from "../engine/plan.ts";
import { shareParts } from "./share-parts.ts";

const seed = fc.nat(1_000_000);

test("shareParts() changes nothing of what a plan says, and leaves no two objects that are equal", () => {
  assertProperty(
    fc.property(seed, (number) => {
      const { plan } = makeHistory(number);
      const shared = shareParts(structuredClone(plan));
      assert.deepEqual(shared, plan);
      const known = new Map<string, object>();
      for (const part of shared.services.flatMap((one) => Object.values(one) as unknown[])) {
        if (typeof part !== "object" || part === null) continue;
        const text = JSON.stringify(part);
        assert.equal(part, known.get(text) ?? part, text);
        known.set(text, part);
      }
    }),
    { runs: 100 },
  );
});

function frozen<Data>(data: Data): Data {
  if (typeof data !== "object" || data === null) return data;
  for (const part of Object.values(data)) frozen(part);
  return Object.freeze(data);
}

/** With parts that services share, and that nothing may write to. */
function sharedHistory(number: number): History {
  const history = makeHistory(number);
  const share = (services: Plan["services"]) =>
    frozen(shareParts({ ...history.plan, services: structuredClone(services) })).services;
  const plan = { ...history.plan, services: share(history.plan.services) };
  const moves = history.moves.map((move) =>
    move.kind === "apply" ? { ...move, services: share(move.services) } : move,
  );
  return { ...history, plan, moves };
}

test("the engine writes to no part of a plan, which services share", () => {
  assertProperty(
    fc.property(seed, (number) => {
      runHistory(sharedHistory(number));
    }),
    { runs: 60 },
  );
});
