/** The manager needs no more memory the longer it runs. `npm run test:long -- memory` looks at ten times as much and more. */
// limit: 300 s
import { test } from "node:test";
import { staysFlatOverChanges, staysFlatOverRestarts } from "./memory-world.ts";

test("at rest after 6,000 restarts the manager needs no more memory than after 1,000", (context) =>
  staysFlatOverRestarts(context, 1000, 5000));

test("200 services that are removed and added again leave no memory behind", (context) =>
  staysFlatOverChanges(context, 200, 8));
