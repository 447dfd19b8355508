import assert from "node:assert/strict";
import { test } from "node:test";
import { service, stop, system } from "../../sim/plans.ts";
import { Killed, MemoryLedger } from "../../tests/runtime/memory-ledger.ts";
import type { Effect } from "../engine/effect.ts";
import type { Event } from "../engine/event.ts";
import type { Plan } from "../engine/plan.ts";
import { initialState } from "../engine/state.ts";
import type { Performers } from "./performer.ts";
import { type Recovered, Rung, recover } from "./recover.ts";
import { Turns } from "./turns.ts";

const nobody = { uid: 0, gid: 0, pid: 1 };

/** A manager whose effects are only noted down. */
class Manager {
  readonly effects: Effect[] = [];
  readonly turns: Turns;
  private readonly ledger: MemoryLedger;

  constructor(ledger: MemoryLedger, from: Recovered | null = null) {
    this.ledger = ledger;
    ledger.install();
    const performers = new Proxy({} as Performers, { get: () => (effect: Effect) => this.effects.push(effect) });
    this.turns = new Turns(
      from ?? { state: initialState(), planNumber: 0, beforeNumber: 0, signalsSeen: [], records: 0 },
      performers,
    );
    if (from !== null) this.turns.finish(from);
  }

  turn(...events: Event[]): void {
    this.ledger.calls = [];
    for (const event of events) this.turns.emit(event);
    this.turns.run(() => {});
  }

  /** Dies in this turn, right behind the last call of that name. */
  diesBehind(call: string, ...events: Event[]): void {
    const { ledger } = this;
    assert.throws(() => {
      ledger.diesBehind = call;
      this.turn(...events);
    }, Killed);
    ledger.managerDied();
  }

  start(plan: Plan): void {
    this.turn({ kind: "manager-started", life: 1 }, loaded(plan));
    for (const effect of this.effects.slice())
      if (effect.kind === "spawn") this.turn({ kind: "spawn-succeeded", ticket: effect.ticket, pid: 7, slot: 1 });
  }
}

function loaded(plan: Plan): Event {
  return { kind: "plan-loaded", plan, request: null, only: null };
}

function stopAsked(id: number): Event {
  const request = { verb: "stop", names: ["a"], force: false } as const;
  return {
    kind: "request-received",
    id,
    peer: nobody,
    request: { ...request, names: [...request.names] },
    timeoutMs: null,
  };
}

function recovered(ledger: MemoryLedger): Recovered {
  return recover(ledger.recovery(), ledger.held(), Rung.full);
}

const one = system([service("a")]);
const other = system([service("a", { environment: { A: "1" } })]);

test("Turns: a new plan that fills the journal is known as new after the manager died behind its record", () => {
  const ledger = new MemoryLedger({ journalBytes: 4000 });
  const manager = new Manager(ledger);
  manager.start(one);
  for (let id = 10; ledger.freeBytes > 120; id++) manager.turn({ kind: "request-cancelled", id });
  manager.diesBehind("journalAppend", loaded(other));
  assert.ok(ledger.calls.includes("snapshotWrite"), "the journal was not full");
  const { state } = recovered(ledger);
  assert.equal(state.units[0]?.stopWish, "apply");
  assert.deepEqual(state.units[0]?.oldPlan, one.services[0]);
});

test("Turns: a plan that a shutdown refuses is none after the manager died", () => {
  const ledger = new MemoryLedger({ journalBytes: 100_000 });
  const manager = new Manager(ledger);
  manager.start(one);
  manager.turn({ kind: "signal-received", signal: 15, meaning: "stop", exitCode: null, mode: 1 });
  manager.turn(loaded(other));
  const { state, planNumber } = recovered(ledger);
  assert.deepEqual(state.plan, one);
  assert.equal(planNumber, 1);
  assert.deepEqual(
    ledger.held().map(({ name }) => name),
    ["plan:1"],
  );
});

test("Turns: a signal of init that fills the journal is told again when the manager died before it was stored", () => {
  const ledger = new MemoryLedger({ journalBytes: 4000 });
  const manager = new Manager(ledger);
  manager.start(one);
  for (let id = 10; ledger.freeBytes > 120; id++) manager.turn({ kind: "request-cancelled", id });
  manager.turns.signalsWereSeen([0, 1]);
  manager.diesBehind("snapshotWrite", {
    kind: "signal-received",
    signal: 15,
    meaning: "stop",
    exitCode: null,
    mode: 1,
  });
  assert.deepEqual(recovered(ledger).signalsSeen, []);
});

test("Turns: a signal is not sent again by the next manager", () => {
  const ledger = new MemoryLedger({ journalBytes: 100_000 });
  const manager = new Manager(ledger);
  manager.start(system([service("a", { stop: stop({ timeoutMs: 1000 }) })]));
  manager.diesBehind("journalEffect", stopAsked(99));
  const next = new Manager(ledger, recovered(ledger));
  assert.deepEqual(
    next.effects.filter(({ kind }) => kind === "signal"),
    [],
  );
});

test("Turns: what the first turn after a recovery is to perform is not lost when the manager dies in it as well", () => {
  const ledger = new MemoryLedger({ journalBytes: 100_000 });
  const manager = new Manager(ledger);
  manager.start(one);
  manager.diesBehind("journalStepped", { kind: "request-cancelled", id: 5 });
  const second = new Manager(ledger, recovered(ledger));
  second.diesBehind("journalStepped", { kind: "manager-started", life: 2 }, stopAsked(99));
  const third = new Manager(ledger, recovered(ledger));
  assert.deepEqual(
    third.effects.filter(({ kind }) => kind === "signal").map((effect) => "signal" in effect && effect.signal),
    [15],
  );
});

test("recover() with a snapshot or a plan that cannot be read begins with the last plan that can be", () => {
  const ledger = new MemoryLedger({ journalBytes: 100_000 });
  const manager = new Manager(ledger);
  manager.start(one);
  manager.turns.snapshot([]);
  manager.turn(stopAsked(99));
  const { snapshot } = ledger;
  ledger.snapshot = snapshot.slice(0, -1);
  const found = recovered(ledger);
  assert.deepEqual([found.rung, found.plan, found.state], [Rung.planOnly, one, initialState()]);
  assert.deepEqual(found.notes[0], "the snapshot cannot be read");
  ledger.snapshot = snapshot;
  ledger.replaceHeld("plan:1", ledger.heldBytes("plan:1").subarray(1));
  const without = recovered(ledger);
  assert.deepEqual([without.rung, without.plan, without.state], [Rung.planOnly, null, initialState()]);
});

test("recover() finds the replies of all turns since the snapshot, and those that it keeps", () => {
  const ledger = new MemoryLedger({ journalBytes: 100_000 });
  const manager = new Manager(ledger);
  manager.start(one);
  const refused = (id: number): Event => ({
    kind: "request-received",
    id,
    peer: nobody,
    request: { verb: "start", names: ["nobody"] },
    timeoutMs: null,
  });
  manager.turn(refused(98));
  manager.turn(refused(99));
  manager.turn({ kind: "request-cancelled", id: 5 });
  const { unheard } = recovered(ledger);
  assert.deepEqual(
    unheard.map(({ request, reply }) => [request, reply.outcome]),
    [
      [98, "unknown-name"],
      [99, "unknown-name"],
    ],
  );
  const kept = unheard.slice(1);
  const next = new Turns(recovered(ledger), {} as Performers, [], undefined, () => kept);
  next.snapshot([]);
  assert.deepEqual(recovered(ledger).unheard, kept);
});
