import assert from "node:assert/strict";
import { test } from "node:test";
import { command, restart, service, system } from "../../sim/plans.ts";
import { Stage } from "../contract.ts";
import type { Effect } from "./effect.ts";
import type { Event, Request } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import { initialState, type Unit } from "./state.ts";
import { step } from "./step.ts";
import { openTickets } from "./unit.ts";

type Answer = Extract<Event, { ticket: number }>;

/** All answers but those of the notify socket, for this ticket. */
function answersFor(ticket: number): Answer[] {
  return [
    { kind: "spawn-succeeded", ticket, pid: 9, slot: 9 },
    { kind: "spawn-failed", ticket, stage: Stage.exec, errno: 2, detail: "" },
    exited(ticket, 1),
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

function exited(ticket: number, code: number): Answer {
  return {
    kind: "process-exited",
    ticket,
    pid: 9,
    code,
    signal: null,
    core: false,
    cpuMs: 0,
    maxRssKib: 0,
    lastLines: [],
  };
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

class System {
  readonly state = initialState();

  constructor(services: ServicePlan[]) {
    this.tell({ kind: "plan-loaded", plan: system(services), request: null, only: null });
  }

  tell(...events: Event[]): Effect[] {
    return step(this.state, { now: { monotonicMs: 5, bootMs: 5, wallMs: 5 }, random: 1, events }).effects.slice();
  }

  unit(name: string): Unit {
    return this.state.units.find((unit) => unit.name === name) as Unit;
  }

  start(name: string): number {
    return this.unit(name).run?.start ?? 0;
  }

  run(name: string): void {
    this.tell({ kind: "spawn-succeeded", ticket: this.start(name), pid: 9, slot: 9 });
  }

  request(verb: "stop" | "reload", name: string): void {
    const request: Request = verb === "stop" ? { verb, names: [name], force: true } : { verb, names: [name] };
    this.tell({
      kind: "request-received",
      id: this.state.nextTicket + 2 ** 31,
      peer: { uid: 0, gid: 0, pid: 1 },
      request,
      timeoutMs: null,
    });
  }
}

/** One of everything that can be waited for. */
function everythingOpen(): System {
  const fd = { kind: "fd", fd: 3 } as const;
  const all = new System([
    service("prepares", { ready: fd, preStart: [command("/bin/prepare")] }),
    service("spawns", { ready: fd }),
    service("opens", { ready: fd }),
    service("probed", { ready: { kind: "tcp", host: "h", port: 1, intervalMs: 1, timeoutMs: 1 }, runTimeoutMs: 1000 }),
    service("reloads", { runTimeoutMs: 1000, reload: { kind: "command", command: command("/bin/reload") } }),
    service("leaves"),
    service("killed"),
    service("waits", { restart: restart({ delayMs: 1000 }) }),
  ]);
  for (const name of ["opens", "probed", "reloads", "leaves", "killed", "waits"]) all.run(name);
  all.request("reload", "reloads");
  all.request("stop", "killed");
  all.tell(exited(all.start("leaves"), 1), exited(all.start("waits"), 1), exited(all.start("killed"), 1));
  all.tell({ kind: "tree-remains", ticket: all.unit("leaves").run?.tree ?? 0, pids: [9], how: "mark" });
  all.tell({ kind: "tree-emptied", ticket: all.unit("waits").run?.tree ?? 0 });
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
        assert.deepEqual(all.tell(answer), [], told);
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
      all.tell(...answersFor(ticket).filter(({ kind }) => !expected.includes(kind)));
    }
  }
  all.tell({ kind: "timer-fired", ticket: all.unit("reloads").run?.runTimer ?? 0 });
  all.tell({ kind: "timer-fired", ticket: all.unit("waits").backoff });
  all.tell({ kind: "timer-fired", ticket: all.unit("leaves").run?.timer ?? 0 });
  all.tell({ kind: "spawn-succeeded", ticket: all.unit("prepares").run?.aux[0]?.ticket ?? 0, pid: 9, slot: 9 });
  assert.equal(all.unit("reloads").run?.ending, "run-timeout");
  assert.equal(all.unit("waits").state, "starting");
  assert.equal(all.unit("leaves").run?.phase, "killing");
  assert.equal(all.unit("prepares").run?.aux[0]?.pid, 9);
});

test("step() believes the end of a program whose beginning was not told, and the beginning not after it", () => {
  const all = new System([service("a")]);
  const ticket = all.start("a");
  all.tell(exited(ticket, 1));
  assert.equal(all.unit("a").state, "stopping");
  all.run("a");
  assert.deepEqual(all.tell({ kind: "spawn-failed", ticket, stage: Stage.exec, errno: 2, detail: "" }), []);
  assert.equal(all.unit("a").state, "stopping");
  assert.equal(all.unit("a").last, null);
  all.tell({ kind: "tree-emptied", ticket: all.unit("a").run?.tree ?? 0 });
  assert.equal(all.unit("a").last?.code, 1);
});

test("step() keeps so much of what a probe says", () => {
  const all = everythingOpen();
  all.tell({ kind: "probe-failed", ticket: all.unit("probed").run?.probe ?? 0, reason: "x".repeat(300) });
  assert.equal(all.unit("probed").run?.probeReason, "x".repeat(200));
});

test("step() remembers the last eight events that were set aside", () => {
  const all = new System([]);
  for (let at = 1; at <= 9; at++) {
    all.tell({ kind: "event-set-aside", eventKind: "timer-fired", reason: `${at}` });
    assert.equal(all.state.setAside.length, Math.min(at, 8));
  }
  assert.deepEqual(
    all.state.setAside.map(({ reason }) => reason),
    ["2", "3", "4", "5", "6", "7", "8", "9"],
  );
});

test("step() orders nothing for ticket 0, which stands for nothing", () => {
  const all = new System([service("a"), service("b", { restart: restart({ policy: "no" }) })]);
  const effects = [];
  for (const name of ["a", "b"])
    effects.push(...all.tell({ kind: "spawn-succeeded", ticket: all.start(name), pid: 9, slot: 9 }));
  effects.push(...all.tell(exited(all.start("b"), 1)));
  effects.push(...all.tell({ kind: "tree-emptied", ticket: all.unit("b").run?.tree ?? 0 }));
  for (const effect of effects) if ("ticket" in effect) assert.notEqual(effect.ticket, 0, effect.kind);
  assert.equal(all.unit("b").state, "failed");
});
