/** As memory.test.ts, with more of all. */
// limit: 1800 s
import { test } from "node:test";
import { staysFlatOverChanges, staysFlatOverRestarts } from "./memory-world.ts";

test("at rest after 110,000 restarts the manager needs no more memory than after 10,000", (context) =>
  staysFlatOverRestarts(context, 10_000, 100_000));

test("1,000 services that are removed and added 50 times leave no memory behind", (context) =>
  staysFlatOverChanges(context, 1000, 50));
