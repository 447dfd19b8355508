import assert from "node:assert/strict";
import { test } from "node:test";
import { newFigures, runHistory } from "./fuzz.ts";
import { makeHistory } from "./histories.ts";
import { plantedFaults } from "./planted.ts";

const historiesMax = 400;

for (const { name, finds, plant } of plantedFaults) {
  test(`found: ${name}`, () => {
    for (let seed = 1; seed <= historiesMax; seed++) {
      try {
        runHistory(makeHistory(seed), newFigures(), { plant });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        // A crash shows anything that was put into the state by hand; the rule's own check must find it as well.
        if (message.includes("replayed state differs") && !finds.test(message)) continue;
        assert.match(message, finds, `seed ${seed}`);
        return;
      }
    }
    assert.fail(`no one of ${historiesMax} histories shows it`);
  });
}
