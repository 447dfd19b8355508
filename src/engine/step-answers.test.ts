import assert from "node:assert/strict";
import { test } from "node:test";
import { command, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { Stage } from "../contract.ts";
import type { Event } from "./event.ts";
import type { Unit } from "./state.ts";
import { openTickets } from "./unit.ts";

type Answer = Extract<Event, { ticket: number }>;

/** All answers but those of the notify socket, for this ticket. */
function answersFor(ticket: number): Answer[] {
  return [
    { kind: "spawn-succeeded", ticket, pid: 9, slot: 9 },
    { kind: "spawn-failed", ticket, stage: Stage.exec, errno: 2, detail: "" },
    {
      kind: "process-exited",
      ticket,
      pid: 9,
      code: 1,
      signal: null,
      core: false,
      cpuMs: 0,
      maxRssKib: 0,
      lastLines: [],
    },
    { kind: "tree-emptied", ticket },
    { kind: "tree-remains", ticket, pids: [9], how: "mark" },
    { kind: "tree-unkillable", ticket, pids: [9] },
    { kind: "probe-succeeded", ticket },
    { kind: "probe-failed", ticket, reason: "no" },
    { kind: "log-matched", ticket },
    { kind: "ready-line", ticket },
    { kind: "ready-closed", ticket },
    { kind: "timer-fired", ticket },
  ];
}

const ofProcess = ["process-exited"];
const ofSpawn = ["spawn-succeeded", "spawn-failed", "process-exited"];
const ofTree = ["tree-emptied", "tree-remains", "tree-unkillable"];
const ofProbe = ["probe-succeeded", "probe-failed", "log-matched"];

/** Kinds of answers that may come for this ticket as things are. */
function expectedKinds(unit: Unit, ticket: number): string[] {
  const { run } = unit;
  if (run === null || ticket === run.timer || ticket === run.runTimer) return ["timer-fired"];
  if (ticket === run.tree) return ofTree;
  if (ticket === run.probe) return ofProbe;
  const aux = run.aux.find((one) => one.ticket === ticket);
  if (aux !== undefined) return ofSpawn;
  const signs = ["ready-line", "ready-closed"];
  if (run.main === "spawning") return [...ofSpawn, ...signs];
  return run.main === "running" ? [...ofProcess, ...signs] : signs;
}

/** One of everything that can be waited for. */
function everythingOpen(): ByHand {
  const fd = { kind: "fd", fd: 3 } as const;
  const all = new ByHand(
    service("prepares", { ready: fd, preStart: [command("/bin/prepare")] }),
    service("spawns", { ready: fd }),
    service("opens", { ready: fd }),
    service("probed", { ready: { kind: "tcp", host: "h", port: 1, intervalMs: 1, timeoutMs: 1 }, runTimeoutMs: 1000 }),
    service("reloads", { runTimeoutMs: 1000, reload: { kind: "command", command: command("/bin/reload") } }),
    service("leaves"),
    service("killed"),
    service("waits", { restart: restart({ delayMs: 1000 }) }),
  );
  for (const name of ["opens", "probed", "reloads", "leaves", "killed", "waits"]) all.mainStarts(name);
  all.request({ verb: "reload", names: ["reloads"] });
  all.request({ verb: "stop", names: ["killed"], force: true });
  for (const name of ["leaves", "waits", "killed"]) all.mainEnds(name, 1);
  all.event({ kind: "tree-remains", ticket: all.run("leaves").tree, pids: [9], how: "mark" });
  all.treeEmptied("waits");
  return all;
}

test("step() takes an answer of a kind that its ticket was not for for nothing", () => {
  const all = everythingOpen();
  const before = JSON.stringify(all.state);
  let tried = 0;
  for (const unit of all.state.units) {
    for (const ticket of openTickets(unit)) {
      const expected = expectedKinds(unit, ticket);
      for (const answer of answersFor(ticket)) {
        if (expected.includes(answer.kind)) continue;
        tried++;
        const told = `${answer.kind} for ticket ${ticket} of ${unit.name}`;
        assert.deepEqual(all.event(answer), [], told);
        assert.equal(JSON.stringify(all.state), before, told);
      }
    }
  }
  assert.ok(tried > 100, `${tried} tried`);
});

test("step() still takes the right answer after wrong ones", () => {
  const all = everythingOpen();
  for (const unit of all.state.units) {
    for (const ticket of openTickets(unit)) {
      const expected = expectedKinds(unit, ticket);
      for (const answer of answersFor(ticket)) if (!expected.includes(answer.kind)) all.event(answer);
    }
  }
  all.event({ kind: "timer-fired", ticket: all.run("reloads").runTimer });
  all.event({ kind: "timer-fired", ticket: all.unit("waits").backoff });
  all.event({ kind: "timer-fired", ticket: all.run("leaves").timer });
  all.auxStarts("prepares");
  assert.equal(all.run("reloads").ending, "run-timeout");
  assert.equal(all.unit("waits").state, "starting");
  assert.equal(all.run("leaves").phase, "killing");
  assert.equal(all.run("prepares").aux[0]?.pid, 101);
});

test("step() believes the end of a program whose beginning was not told, and the beginning not after it", () => {
  const one = new ByHand(service("a"));
  one.mainEnds("a", 1);
  assert.equal(one.unit("a").state, "stopping");
  assert.deepEqual(one.mainStarts("a"), []);
  assert.deepEqual(one.mainFails("a"), []);
  one.treeEmptied("a");
  assert.equal(one.unit("a").last?.code, 1);
});

test("step() keeps so much of what a probe says", () => {
  const all = everythingOpen();
  all.event({ kind: "probe-failed", ticket: all.run("probed").probe, reason: "x".repeat(300) });
  assert.equal(all.run("probed").probeReason, "x".repeat(200));
});

test("step() remembers the last eight events that were set aside", () => {
  const none = new ByHand();
  for (let at = 1; at <= 9; at++) {
    none.event({ kind: "event-set-aside", eventKind: "timer-fired", reason: `${at}` });
    assert.equal(none.state.setAside.length, Math.min(at, 8));
  }
  assert.deepEqual(
    none.state.setAside.map(({ reason }) => reason),
    ["2", "3", "4", "5", "6", "7", "8", "9"],
  );
});

test("step() orders nothing for ticket 0, which stands for nothing", () => {
  const two = new ByHand(service("a"), service("b", { restart: restart({ policy: "no" }) }));
  const effects = [two.mainStarts("a"), two.mainStarts("b"), two.mainEnds("b", 1), two.treeEmptied("b")].flat();
  for (const effect of effects) if ("ticket" in effect) assert.notEqual(effect.ticket, 0, effect.kind);
  assert.equal(two.unit("b").state, "failed");
});

test("step() gives no more time to what has none that runs", () => {
  const all = new ByHand(service("a"));
  const seen = { service: "a", ticket: all.state.nextTicket, pid: 7, slot: 1 };
  all.event({ kind: "processes-adopted", processes: [seen] });
  const effects = all.notify("a", { extendTimeoutMs: 5000 });
  assert.deepEqual(effects, []);
  assert.equal(all.run("a").timer, 0);
});
