import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../tests/properties.ts";
import { JournalledWorld, type WorldFigures } from "../../tests/runtime/journalled-world.ts";

/** From one that holds no record of a request to one that never fills up. */
const journalBytes = fc.constantFrom(300, 700, 3000, 20_000, 1_000_000);

test("a manager that dies at any call of a turn is followed by one that knows all that was stored", () => {
  const sum: WorldFigures = { turns: 0, deaths: 0, full: 0, tooLong: 0, plans: 0 };
  assertProperty(
    fc.property(fc.nat(1_000_000), journalBytes, fc.constantFrom(5, 40), (seed, bytes, deathPercent) => {
      const world = new JournalledWorld(seed, { journalBytes: bytes, deathPercent });
      world.run();
      for (const key of Object.keys(sum) as (keyof WorldFigures)[]) sum[key] += world.figures[key];
    }),
    { runs: 150 },
  );
  console.log(
    `figures: ${sum.turns} turns, ${sum.deaths} deaths of the manager, ${sum.full} times a full journal, ` +
      `${sum.tooLong} records kept as snapshots, ${sum.plans} plans`,
  );
});
