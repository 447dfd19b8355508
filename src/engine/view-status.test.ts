import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service, system } from "../../sim/plans.ts";
import { Scripted } from "../../sim/scripted.ts";
import { World } from "../../sim/world.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import { initialState } from "./state.ts";
import { systemStatus } from "./view-status.ts";

const now = { monotonicMs: 5, bootMs: 5, wallMs: 5 };

test("systemStatus() of a state without a plan is empty", () => {
  assert.deepEqual(systemStatus(initialState(), now).services, []);
});

test("systemStatus() is a picture: what happens later is not in it", () => {
  const world = new World({ seed: 1, behaviour: new Scripted() });
  world.load(system([service("a")]));
  world.advance(10);
  const taken = systemStatus(world.state, now);
  const before = JSON.stringify(taken);
  world.emit({ kind: "event-set-aside", eventKind: "timer-fired", reason: "it ended the manager" });
  world.request({ verb: "stop", names: ["a"], force: false });
  world.advance(10);
  assert.equal(JSON.stringify(taken), before);
});

test("systemStatus() names the way in which the system ends", () => {
  for (const [name, mode] of Object.entries(ShutdownMode)) {
    const world = new World({ seed: 1, behaviour: new Scripted() });
    world.load(system([service("a", { dependsOn: [needs("b")] }), service("b")]));
    world.advance(10);
    world.request({ verb: "shutdown", mode, exitCode: null, force: false, reason: "asked for" });
    assert.equal(systemStatus(world.state, now).shutdown?.mode, name);
  }
});

test("systemStatus() names a pid_file that is missing only when the program runs", () => {
  const hand = new ByHand(service("a", { pidFile: "/run/a.pid", ready: { kind: "notify" } }));
  const reason = () => systemStatus(hand.state, now).services[0]?.reason ?? "";
  assert.equal(reason().includes("pid_file"), false);
  hand.mainStarts("a");
  assert.equal(reason().includes("pid_file"), true);
});
