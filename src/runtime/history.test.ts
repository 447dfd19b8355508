import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { Killed, MemoryLedger } from "../../tests/runtime/memory-ledger.ts";
import { type HistoryEvent, pastAt, readHistory } from "../control/history.ts";
import type { Event } from "../engine/event.ts";
import { initialState } from "../engine/state.ts";
import { History } from "./history.ts";
import type { Performers } from "./performer.ts";
import { Rung, recover } from "./recover.ts";
import { Turns } from "./turns.ts";

const ledgerBytes = { journalBytes: 1_000_000 };

function toldBy(history: History): HistoryEvent[] {
  return readHistory(history.texts())?.lines.flatMap(({ events }) => events) ?? [];
}

function now(ms: number, wallMs = ms): { monotonicMs: number; bootMs: number; wallMs: number } {
  return { monotonicMs: ms, bootMs: ms, wallMs };
}

function change(name: string, state: "waiting" | "starting" | "ready" | "stopped"): HistoryEvent {
  return { event: "state-changed", service: name, state, rule: "starts", detail: "" };
}

test("History keeps what it is told over the death of its manager, each turn once", () => {
  const ledger = new MemoryLedger(ledgerBytes);
  ledger.install();
  const first = new History(ledger.held());
  first.record(now(1), "turn 1", [change("a", "waiting")]);
  first.record(now(2), "turn 2", [change("a", "starting"), change("b", "starting")]);
  ledger.managerDied();
  const second = new History(ledger.held());
  second.record(now(2), "turn 2", [change("a", "starting"), change("b", "starting")]);
  second.record(now(3), "turn 3", [change("a", "ready")]);
  const lines = readHistory(second.texts())?.lines ?? [];
  assert.deepEqual(
    lines.map(({ seq, turn }) => [seq, turn]),
    [
      [1, "turn 1"],
      [2, "turn 2"],
      [4, "turn 3"],
    ],
  );
});

test("History: what its writer had begun when it died is left out, and spoils nothing that follows", () => {
  const ledger = new MemoryLedger(ledgerBytes);
  ledger.install();
  const first = new History(ledger.held());
  first.record(now(1), "turn 1", [change("a", "waiting")]);
  // A write takes 3,000 bytes here; what is told needs two of them, and the manager dies between them.
  const much = Array.from({ length: 60 }, () => change("a", "starting"));
  ledger.halvesLeft = 4;
  assert.throws(() => first.record(now(2), "turn 2", much), Killed);
  ledger.managerDied();
  const second = new History(ledger.held());
  assert.match(second.texts().join(""), /"starting"/, "nothing was begun");
  second.record(now(2), "turn 2", [change("a", "starting")]);
  second.record(now(3), "turn 3", [change("a", "ready")]);
  const states = toldBy(second).map((event) => (event.event === "state-changed" ? event.state : ""));
  assert.deepEqual(states, ["waiting", "starting", "ready"]);
});

test("History keeps two files of bounded size, and the second one means something without the first", () => {
  const ledger = new MemoryLedger(ledgerBytes);
  ledger.install();
  const history = new History(ledger.held());
  const detail = "x".repeat(250);
  history.record(now(0), "first", [change("steady", "ready")]);
  for (let turn = 1; turn <= 2500; turn++)
    history.record(now(turn), String(turn), [
      { ...change("a", turn % 2 === 0 ? "ready" : "starting"), detail } as HistoryEvent,
    ]);
  assert.equal(ledger.held().length, 2);
  const kept = history.texts().map(({ length }) => length);
  assert.ok(
    kept.every((length) => length <= 300 * 1024),
    String(kept),
  );
  assert.ok((kept[0] ?? 0) > 200 * 1024, "the older file is not full");
  const read = readHistory(history.texts());
  assert.ok(read !== null && read.base.bootMs > 0, "nothing was given up");
  assert.equal(read.base.past.services.steady?.state, "ready");
  assert.equal(pastAt(read, 2500).services.a?.state, "ready");
  assert.equal(readHistory(history.texts())?.lines.at(-1)?.seq, 2501);
});

test("History holds two files all the time, wherever its manager dies in beginning one", () => {
  for (const isFirst of [true, false]) {
    let deaths = 0;
    for (let halves = 0; ; halves++) {
      const ledger = new MemoryLedger(ledgerBytes);
      ledger.install();
      const history = new History(ledger.held());
      const detail = "x".repeat(250);
      // The next line does not fit any more.
      const turns = isFirst ? 0 : 750;
      for (let turn = 0; turn < turns; turn++)
        history.record(now(turn), String(turn), [{ ...change("a", "ready"), detail } as HistoryEvent]);
      const lines = readHistory(history.texts())?.lines.length ?? 0;
      assert.equal(lines, turns);
      ledger.halvesLeft = halves;
      const much = Array.from(
        { length: isFirst ? 1 : 400 },
        () => ({ ...change("a", "waiting"), detail }) as HistoryEvent,
      );
      let isDead = false;
      try {
        history.record(now(9000), "last", much);
      } catch (error) {
        assert.ok(error instanceof Killed);
        isDead = true;
        deaths++;
      }
      ledger.managerDied();
      const next = new History(ledger.held());
      next.record(now(9000), "last", much);
      next.record(now(9001), "after", [change("a", "ready")]);
      assert.equal(ledger.held().length, 2, `${halves} half calls`);
      const told = readHistory(next.texts())?.lines.filter(({ bootMs }) => bootMs >= 9000) ?? [];
      assert.deepEqual(
        told.map(({ turn }) => turn),
        ["last", "after"],
        `${halves} half calls`,
      );
      if (!isDead) break;
    }
    assert.ok(deaths > 5, `${deaths} deaths`);
  }
});

test("History notices that the clock was set, and no slow correction", () => {
  const ledger = new MemoryLedger(ledgerBytes);
  ledger.install();
  const history = new History(ledger.held());
  history.record(now(0, 1_000_000), "a", [change("a", "waiting")]);
  history.record(now(1_000_000, 2_000_400), "b", [change("a", "starting")]);
  history.clockMayHaveStepped(now(1_000_010, 2_000_410));
  assert.equal(toldBy(history).length, 2);
  history.clockMayHaveStepped(now(1_000_020, 2_003_420));
  history.record(now(1_000_030, 1_000), "c", [change("a", "ready")]);
  assert.deepEqual(toldBy(history).slice(2), [
    { event: "clock-stepped", stepMs: 3000 },
    { event: "clock-stepped", stepMs: -2_002_430 },
    change("a", "ready"),
  ]);
});

test("Turns tell each turn once, wherever the manager dies in it", () => {
  const performers = new Proxy({} as Performers, { get: () => () => {} });
  const stop: Event = {
    kind: "request-received",
    id: 9,
    peer: { uid: 7, gid: 7, pid: 0 },
    request: { verb: "stop", names: ["a"], force: false },
    timeoutMs: null,
  };
  let deaths = 0;
  for (let halves = 0; ; halves++) {
    const ledger = new MemoryLedger(ledgerBytes);
    ledger.install();
    let turn = 0;
    ledger.nextRandom = () => turn++;
    const none = { state: initialState(), planNumber: 0, beforeNumber: 0, signalsSeen: [], records: 0 };
    const turns = new Turns(none, performers, [], new History(ledger.held()));
    turns.emit({ kind: "manager-started", life: 1 });
    turns.emit({ kind: "plan-loaded", plan: system([service("a")]), request: null, only: null });
    turns.run(() => {});
    ledger.calls = [];
    ledger.halvesLeft = halves;
    turns.emit(stop);
    let isDead = false;
    try {
      turns.run(() => {});
    } catch (error) {
      assert.ok(error instanceof Killed);
      isDead = true;
      deaths++;
    }
    const isStored = ledger.isStored();
    ledger.managerDied();
    const history = new History(ledger.held());
    const recovered = recover(ledger.recovery(), ledger.held(), Rung.full);
    new Turns(recovered, performers, [], history).finish(recovered);
    const told = toldBy(history).filter((event) => event.event === "request-received");
    assert.equal(told.length, isStored ? 1 : 0, `${halves} half calls`);
    const changes = toldBy(history).filter((event) => event.event === "state-changed" && event.state === "stopping");
    assert.equal(changes.length, isStored ? 1 : 0, `${halves} half calls`);
    if (!isDead) break;
  }
  assert.ok(deaths > 10, `${deaths} deaths`);
});
