/**
 * A manager that is started into a ledger with wrong bytes in it: damaged, cut off, or written by somebody who means
 * harm. Whatever it makes of that, it touches no service, and it answers.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Dice } from "../../sim/chance.ts";
import { binary, isAlive, type Started, start } from "./gonit.ts";

const rounds = 50;
const seed = Number(process.env.KILLS_SEED ?? 1);

/** Bytes of the work file (host/ledger.h), from and to. */
type Region = [from: number, to: number];

const partBytes = 16;
const pidsAt = 64;

/** The work file of an init, open for writing. */
function openWork(init: number): number {
  const folder = `/proc/${init}/fd`;
  const fd = readdirSync(folder).find((name) => readlinkSync(join(folder, name)).includes("gonit-work"));
  assert.ok(fd, "init holds no work file");
  return openSync(join(folder, fd), "r+");
}

function regionsOf(work: number): Record<string, Region> {
  const head = Buffer.alloc(pidsAt);
  readSync(work, head, 0, head.length, 0);
  const [logs, journal, snapshot, length] = [24, 32, 40, 48].map((at) => Number(head.readBigUInt64LE(at))) as [
    number,
    number,
    number,
    number,
  ];
  const area = (length - snapshot) / 2;
  return {
    "head of the file": [0, pidsAt],
    "head of the journal": [journal, journal + 72],
    "first records": [journal + 72, journal + 72 + 4096],
    "rest of the journal": [journal + 72, snapshot],
    "head of a snapshot": [snapshot, snapshot + partBytes + 24],
    "head of the other snapshot": [snapshot + area, snapshot + area + partBytes + 24],
    "text of a snapshot": [snapshot + 40, snapshot + 40 + 8192],
    "text of the other snapshot": [snapshot + area + 40, snapshot + area + 40 + 8192],
    "log table": [logs, logs + 4096],
    "anything behind the slots": [logs, length],
  };
}

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

test(`${rounds} ledgers with wrong bytes: services are not touched, and control answers`, async (context) => {
  const dice = new Dice(seed);
  const tried = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    await context.test(`round ${round + 1} of seed ${seed}`, async (inner) => {
      const gonit = await begin(inner);
      const work = openWork(gonit.role("init"));
      const pids = names.map((name) => gonit.service(name).pid ?? 0);
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
      for (const pid of pids) assert.equal(isAlive(pid), true, what);
      assert.equal(ranLines(gonit).length, names.length + 1, `${what}: a service was started again`);
      assert.equal(gonit.client("shutdown").code, 0, what);
      assert.equal(await gonit.ended, 0, what);
      for (const pid of pids) assert.equal(isAlive(pid), false, what);
      tried.set(place, (tried.get(place) ?? 0) + 1);
    });
  }
  console.log(
    `figures: seed ${seed}, ${rounds} ledgers: ${[...tried].map(([place, count]) => `${place} ${count}`).join(", ")}`,
  );
});
