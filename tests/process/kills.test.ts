/**
 * gonit's own processes killed: the manager and the logger, spread over all that they do, and once before each store of
 * the protocols by which the next one goes on. Every kill leaves services as they are, and what was asked for is done.
 */
// limit: 300 s
import assert from "node:assert/strict";
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Dice } from "../../sim/chance.ts";
import { killAtRandom, killInShutdown, killWhileOpen } from "./kills-phases.ts";
import { type Counts, figuresOf, World } from "./kills-world.ts";
import { headOfJournal } from "./ledger-file.ts";

const counts: Counts = new Map();

after(() => console.log(`figures: ${figuresOf(counts)}`));

/** Where the protocols are written: TEST_HOOK stands before each of their stores. */
const protocols = ["slots", "journal", "ledger", "logger-record", "log-api", "spawn"];

function hooksOf(file: string): string[] {
  const text = readFileSync(join("host", `${file}.c`), "utf8");
  return [...text.matchAll(/TEST_HOOK\("([^"]+)"\)/g)].map((found) => found[1] as string);
}

/** What makes gonit pass the hooks whose names begin so, and which phase that is. */
const triggers: { prefix: string; phase: string; pull: (world: World) => unknown }[] = [
  { prefix: "slot-claim", phase: "spawn", pull: (world) => world.restartAsked() },
  { prefix: "spawn-begin", phase: "spawn", pull: (world) => world.restartAsked() },
  { prefix: "spawn-cloned", phase: "between clone and report", pull: (world) => world.restartAsked() },
  { prefix: "slot-name", phase: "naming", pull: (world) => world.succeeds("restart", "forking") },
  { prefix: "slot-tell", phase: "between clone and report", pull: (world) => world.restartAsked() },
  { prefix: "slot-told", phase: "between clone and report", pull: (world) => world.restartAsked() },
  { prefix: "slot-free", phase: "exit", pull: (world) => world.restartAsked() },
  { prefix: "journal-empt", phase: "snapshot", pull: (world) => world.apply() },
  { prefix: "snapshot-", phase: "snapshot", pull: (world) => world.apply() },
  { prefix: "journal-rung", phase: "replay", pull: (world) => world.kill("manager") },
  { prefix: "journal-", phase: "turn", pull: (world) => world.restartAsked() },
  { prefix: "log-claim-", phase: "log place", pull: (world) => world.apply() },
  { prefix: "log-text-", phase: "log place", pull: (world) => world.apply({ longer: true }) },
  { prefix: "log-configure", phase: "log place", pull: (world) => world.apply() },
  { prefix: "log-forget-", phase: "log place", pull: (world) => world.apply() },
  { prefix: "log-reopen-", phase: "log place", pull: (world) => world.signal("SIGUSR1") },
  { prefix: "log-flush-", phase: "log record", pull: (world) => world.succeeds("restart", "halting") },
  { prefix: "log-", phase: "log record", pull: () => {} },
];

/** Hooks that are passed only after another fault, each killed by a test of its own. */
const later = ["journal-head-", "ledger-restore-", "log-recover-", "log-give-up"];

const killed = new Set<string>();

function isLater(hook: string): boolean {
  return later.some((prefix) => hook.startsWith(prefix));
}

test("killed before each store of slots, journal, snapshots and log table: nothing is touched, lost or doubled", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  for (const hook of protocols.flatMap(hooksOf)) {
    if (isLater(hook)) continue;
    const trigger = triggers.find(({ prefix }) => hook.startsWith(prefix));
    assert.ok(trigger, `nothing makes gonit pass ${hook}: add it to triggers`);
    await world.killAt(hook, trigger.phase, () => trigger.pull(world));
    killed.add(hook);
  }
  await world.end();
});

test("a journal whose head was damaged is set up again, also by managers that are killed in this", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  // What it did since the last snapshot would be lost with the journal.
  await world.succeeds("stop", "restless");
  for (const hook of hooksOf("journal").filter((name) => name.startsWith("journal-head-"))) {
    // A new snapshot, so that nothing is lost with the journal.
    await world.apply();
    world.arm(hook);
    await world.killInto((work) => writeSync(work, "wrong", headOfJournal(work)[0]));
    await world.met(hook);
    killed.add(hook);
    world.count("replay");
    await world.holds(`killed at ${hook}`);
    await world.restartAsked();
  }
  await world.end();
});

test("loggers that die while they go on with what a dead one left lose and double nothing", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  for (const hook of hooksOf("logger-record").filter((name) => name.startsWith("log-recover-"))) {
    // Without bytes taken, and with.
    const first = hook === "log-recover-unread" ? "log-take-read" : "log-take-deliver";
    for (let count = 0; count < 4; count++) {
      world.arm(hook);
      await world.killAt(first, "log recovery");
      await world.met(hook);
      world.count("log recovery");
      await world.holds(`killed at ${hook}`);
    }
    killed.add(hook);
  }
  await world.end();
});

test("a record over which each logger crashes is given up, also by one that is killed in this", async (context) => {
  const world = new World(context, counts, { GONIT_HOOK: "log-recover-phase=segv" });
  await world.begin();
  world.arm("log-give-up");
  world.arm("log-take-deliver", "segv");
  await world.met("log-give-up");
  killed.add("log-give-up");
  world.count("log recovery");
  await world.holds("a record was given up");
});

test("an init that faults while it comes back from a fault comes back all the same", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  for (const hook of hooksOf("ledger")) {
    world.arm(hook, "segv");
    world.signal("SIGSEGV");
    await world.met(hook);
    killed.add(hook);
    await world.holds(`fault at ${hook}`);
    await world.restartAsked();
  }
  await world.end();
});

test("spawns: killed on the way to a process, and between clone and report", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  const hooks = ["slot-claimed", "spawn-begin", "spawn-cloned", "slot-tell-stage", "slot-tell-state", "slot-told"];
  for (const hook of [...hooks, ...hooks, ...hooks]) {
    const phase = hook === "slot-claimed" || hook === "spawn-begin" ? "spawn" : "between clone and report";
    await world.killAt(hook, phase, () => world.restartAsked());
  }
  await world.end();
});

test("turns and recoveries: killed between their steps", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  for (const hook of ["before-append", "after-append", "before-effects", "done"])
    await world.killAt(`turn-${hook}`, "turn", () => world.restartAsked());
  await world.killAt("take-exit", "exit");
  for (const hook of ["recover-rung-1", "recover-record", "recover-reconcile", "recover-finish"]) {
    for (let count = 0; count < 3; count++) await world.killAt(hook, "replay", () => world.kill("manager"));
  }
  await world.end();
});

test("requests that are open when manager or logger is killed are answered", async (context) => {
  const world = new World(context, counts);
  const dice = new Dice(4);
  await world.begin();
  for (let count = 0; count < 24; count++) {
    const role = count % 2 === 0 ? "manager" : "logger";
    if (await killWhileOpen(world, role, dice.below(60))) world.count(`request open (${role})`);
    await world.holds("killed while a request was open");
  }
  await world.end();
});

test("at any moment, of both roles", async (context) => {
  const world = new World(context, counts);
  await world.begin();
  await killAtRandom(world, new Dice(5), 30);
  await world.end();
});

test("a shutdown in which manager and logger are killed comes to its end, and is answered", async (context) => {
  const dice = new Dice(6);
  for (let count = 0; count < 6; count++) await killInShutdown(new World(context, counts), dice);
});

test("every hook of the protocols was killed once", () => {
  assert.deepEqual(
    protocols.flatMap(hooksOf).filter((hook) => !killed.has(hook)),
    [],
  );
});
