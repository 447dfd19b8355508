/**
 * Kills of manager and logger at moments that follow from a seed: `npm run test:long -- kills`. KILLS_SEED and KILLS choose
 * another run.
 */
// limit: 1800 s
import { test } from "node:test";
import { Dice } from "../../sim/chance.ts";
import { killAtRandom } from "./kills-phases.ts";
import { type Counts, figuresOf, World } from "./kills-world.ts";

const seed = Number(process.env.KILLS_SEED ?? Date.now() % 1_000_000);
const kills = Number(process.env.KILLS ?? 5000);
/** Each gonit is looked at as a whole when it has borne so many. */
const killsEach = 250;

test(`${kills} kills at any moment, seed ${seed}`, async (context) => {
  const counts: Counts = new Map();
  const dice = new Dice(seed);
  console.log(`seed ${seed}`);
  for (let done = 0; done < kills; done += killsEach) {
    await context.test(`from kill ${done} on, seed ${seed}`, async (inner) => {
      const world = new World(inner, counts);
      await world.begin();
      await killAtRandom(world, dice, Math.min(killsEach, kills - done));
      await world.end();
    });
  }
  console.log(`figures: seed ${seed}, ${figuresOf(counts)}`);
});
