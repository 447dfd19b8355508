/**
 * A manager that is started into a ledger with wrong bytes in it: damaged, cut off, or written by somebody who means
 * harm. Whatever it makes of that, it touches no service, and it answers.
 */
import assert from "node:assert/strict";
import { closeSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Dice } from "../../sim/chance.ts";
import { binary, isAlive, type Started, start } from "./gonit.ts";
import { openWork, type Region, recoveredRegions, slotRegions } from "./ledger-file.ts";

const rounds = 50;
const slotRounds = 20;
const seed = Number(process.env.KILLS_SEED ?? 1);

/** Single bytes, a piece of noise, or a piece that is cut off. */
function damage(work: number, [from, to]: Region, dice: Dice): string {
  const kind = dice.pick(["bytes", "noise", "zeros"]);
  const length = kind === "bytes" ? 1 : 1 + dice.below(Math.min(to - from, 512));
  const times = kind === "bytes" ? 1 + dice.below(16) : 1;
  for (let count = 0; count < times; count++) {
    const bytes = Buffer.from(Array.from({ length }, () => (kind === "zeros" ? 0 : dice.below(256))));
    writeSync(work, bytes, 0, length, from + dice.below(to - from - length + 1));
  }
  return `${kind}, ${length} bytes`;
}

const names = ["one", "two", "three"];

async function begin(context: TestContext): Promise<Started> {
  const gonit = start(
    context,
    `services:\n${names.map((name) => `  - {name: ${name}, command: sh -c 'echo ${name} >> ran; exec sleep 1000'}\n`).join("")}`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  await gonit.until("all run", () => ranLines(gonit).length === names.length);
  // A start that no snapshot knows.
  assert.equal(gonit.client("restart", "one").code, 0);
  await gonit.until("one runs again", () => ranLines(gonit).length === names.length + 1);
  return gonit;
}

function ranLines(gonit: Started): string[] {
  return readFileSync(join(gonit.folder, "ran"), "utf8").trim().split("\n").sort();
}

/** A new manager that finds the ledger damaged in one of the regions answers. Returns what was damaged, in words. */
async function restartInto(
  gonit: Started,
  regionsOf: (work: number) => Record<string, Region>,
  round: number,
  dice: Dice,
): Promise<{ place: string; what: string }> {
  const work = openWork(gonit.role("init"));
  const manager = gonit.role("manager");
  process.kill(manager, "SIGSTOP");
  const regions = Object.entries(regionsOf(work));
  const [place, region] = regions[round % regions.length] as [string, Region];
  const what = `${place}: ${damage(work, region, dice)}`;
  closeSync(work);
  process.kill(manager, "SIGKILL");
  await gonit.until(
    `control answers after ${what}`,
    () => gonit.role("manager") !== manager && gonit.client("status").code === 0,
  );
  return { place, what };
}

async function endsClean(gonit: Started, pids: number[], what: string): Promise<void> {
  assert.equal(gonit.client("shutdown").code, 0, what);
  assert.equal(await gonit.ended, 0, what);
  for (const pid of pids) assert.equal(isAlive(pid), false, what);
}

function figures(rounds: number, tried: Map<string, number>): string {
  return `figures: seed ${seed}, ${rounds} ledgers: ${[...tried].map(([place, count]) => `${place} ${count}`).join(", ")}`;
}

test(`${rounds} ledgers with wrong bytes: services are not touched, and control answers`, async (context) => {
  const dice = new Dice(seed);
  const tried = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    await context.test(`round ${round + 1} of seed ${seed}`, async (inner) => {
      const gonit = await begin(inner);
      const pids = names.map((name) => gonit.service(name).pid ?? 0);
      const { place, what } = await restartInto(gonit, recoveredRegions, round, dice);
      for (const pid of pids) assert.equal(isAlive(pid), true, what);
      assert.equal(ranLines(gonit).length, names.length + 1, `${what}: a service was started again`);
      await endsClean(gonit, pids, what);
      tried.set(place, (tried.get(place) ?? 0) + 1);
    });
  }
  console.log(figures(rounds, tried));
});

test(`${slotRounds} ledgers with wrong records of children: they are mended`, async (context) => {
  const dice = new Dice(seed);
  const tried = new Map<string, number>();
  for (let round = 0; round < slotRounds; round++) {
    await context.test(`round ${round + 1} of seed ${seed}`, async (inner) => {
      const gonit = await begin(inner);
      const pids = names.map((name) => gonit.service(name).pid ?? 0);
      const logger = gonit.role("logger");
      const { place, what } = await restartInto(gonit, () => slotRegions(8), round, dice);
      assert.equal(gonit.role("logger"), logger, what);
      for (const pid of pids) assert.equal(isAlive(pid), true, what);
      assert.equal(ranLines(gonit).length, names.length + 1, `${what}: a service was started again`);
      await endsClean(gonit, pids, what);
      tried.set(place, (tried.get(place) ?? 0) + 1);
    });
  }
  console.log(figures(slotRounds, tried));
});
