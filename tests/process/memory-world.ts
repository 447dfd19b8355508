/** The manager's memory over many restarts and changes: what it holds at rest must not depend on what happened before. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { children, memoryOf, type Started, start } from "./gonit.ts";

/** Heaps that hold the same are cut differently each time. */
const slackKib = 384;

function dirtyKib(gonit: Started): number {
  return memoryOf(gonit.role("manager")).privateDirtyKib;
}

/** Waits until the memory is as small as it was, which it is at rest only. */
async function isSmallAgain(gonit: Started, kibMax: number, when: string): Promise<void> {
  let kib = 0;
  const holds = () => {
    kib = dirtyKib(gonit);
    return kib <= kibMax;
  };
  await gonit.until(`the manager needs ${kibMax} KiB at most ${when}`, holds).catch((error: Error) => {
    throw new Error(`${kib} KiB: ${error.message}`);
  });
}

/** The least that it needed while nothing happened, once it has needed no less for two seconds. */
async function atRest(gonit: Started): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let sinceMs = Date.now();
  await gonit.until("the manager is at rest", () => {
    const kib = dirtyKib(gonit);
    if (kib < least) sinceMs = Date.now();
    least = Math.min(least, kib);
    return Date.now() - sinceMs > 2000;
  });
  return least;
}

function restarts(gonit: Started): number {
  return gonit.status().services.reduce((sum, { restarts }) => sum + restarts, 0);
}

/** Twenty services that end at once. After `few` restarts, and again after `many`, they are stopped. */
export async function staysFlatOverRestarts(context: TestContext, few: number, many: number): Promise<void> {
  const services = Array.from(
    { length: 20 },
    (_, at) =>
      `  - {name: s${at}, command: "${children}/exits-with 0", logs: none, restart: {policy: always, delay: 0s, limit: off}}`,
  );
  const other = `  - {name: other, command: "${children}/sleeps", logs: none}`;
  const gonit = start(context, `services:\n${[other, ...services].join("\n")}\n`);
  const restartUntil = async (count: number) => {
    assert.equal(gonit.client("start", "s*").code, 0);
    for (let before = 0, now = 0; now < count; before = now) {
      await gonit.until("more restarts", () => {
        now = restarts(gonit);
        return now >= count || now > before + 1000;
      });
    }
    assert.equal(gonit.client("stop", "s*").code, 0);
  };
  await gonit.until("all were started", () => restarts(gonit) > 20);
  await restartUntil(few);
  const kib = await atRest(gonit);
  // Those of a new start are counted anew.
  await restartUntil(many);
  await isSmallAgain(gonit, kib + slackKib, `after ${few + many} restarts, as after ${few}`);
  context.diagnostic(`at rest after ${few} restarts ${kib} KiB, after ${many} more ${dirtyKib(gonit)} KiB`);
}

/** Services that are removed from the configuration, and come again. */
export async function staysFlatOverChanges(context: TestContext, count: number, times: number): Promise<void> {
  const services = Array.from(
    { length: count },
    (_, at) => `  - {name: s${at}, command: "${children}/sleeps", logs: none}\n`,
  );
  const steady = `services:\n  - {name: steady, command: "${children}/sleeps", logs: none}\n`;
  const gonit = start(context, steady);
  const apply = (text: string) => {
    writeFileSync(join(gonit.folder, "config.yml"), text);
    const { code, stderr } = gonit.client("apply");
    assert.equal(code, 0, stderr);
  };
  await gonit.until("the first one runs", () => gonit.service("steady").state === "ready");
  const change = () => {
    apply(steady + services.join(""));
    assert.equal(gonit.status().services.length, count + 1);
    apply(steady);
  };
  change();
  change();
  const kib = await atRest(gonit);
  for (let time = 2; time < times; time++) change();
  await isSmallAgain(gonit, kib + slackKib, `after ${times} changes, as after two`);
  context.diagnostic(`at rest after 2 changes ${kib} KiB, after ${times} ${dirtyKib(gonit)} KiB`);
}
