/** Phases of gonit that last: killed at some moment in them. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Dice } from "../../sim/chance.ts";
import type { Role, World } from "./kills-world.ts";

/** Kills while the client waits for the end of a slow service. False: the answer was there before. */
export async function killWhileOpen(world: World, role: Role, afterMs: number): Promise<boolean> {
  let isAnswered = false;
  const asked = world.succeeds("restart", "slow").then(() => {
    isAnswered = true;
  });
  await world.gonit.until("the request is taken", () => isAnswered || world.gonit.service("slow").state !== "ready");
  await pause(afterMs);
  const isOpen = !isAnswered;
  await world.kill(role);
  await asked;
  return isOpen;
}

/** Kills of both roles at moments that follow from the dice, while everything goes on. */
export async function killAtRandom(world: World, dice: Dice, kills: number): Promise<void> {
  for (let count = 0; count < kills; count++) {
    const role = dice.pick(["manager", "logger"] as const);
    const kind = dice.below(4);
    const work = kind === 0 ? world.restartAsked() : kind === 1 ? world.apply() : Promise.resolve();
    await pause(dice.below(30));
    await world.kill(role);
    // Sometimes the next one as well, before it has come to anything.
    if (dice.percent(20)) await world.kill(role);
    world.count(`any moment (${role})`);
    await work;
    await world.holds(`kill ${count + 1}`);
  }
}

/** Kills both roles again and again until gonit has ended. */
export async function killInShutdown(world: World, dice: Dice): Promise<void> {
  await world.begin();
  const reply = world.ask("shutdown");
  let isOver = false;
  world.gonit.ended.then(() => {
    isOver = true;
  });
  await world.gonit.sees(/msg="Stopping services"/);
  while (!isOver) {
    await pause(dice.below(20));
    const role = dice.pick(["manager", "logger"] as const);
    if (!isOver && world.killNow(role)) world.count(`shutdown (${role})`);
  }
  await world.ended();
  const { code, text } = await reply;
  assert.ok(code === 0 || text !== "", `the client was told nothing, and ended with ${code}`);
}
