import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service, system } from "../../sim/plans.ts";
import { Scripted } from "../../sim/scripted.ts";
import { World } from "../../sim/world.ts";
import { ShutdownMode } from "../contract.ts";
import { systemStatus } from "./view-status.ts";
import { explain } from "./view-why.ts";
import { wallMsOf } from "./wall-time.ts";

test("wallMsOf() goes by the wall clock as it is now", () => {
  assert.equal(wallMsOf(400, { monotonicMs: 0, bootMs: 1000, wallMs: 5_000_000 }), 4_999_400);
});

test("a wall clock that was set changes no duration that status and why tell", () => {
  const world = new World({ seed: 1, behaviour: new Scripted() });
  world.load(system([service("a", { dependsOn: [needs("b")] }), service("b")]));
  world.advance(1000);
  world.request({ verb: "shutdown", mode: ShutdownMode.poweroff, exitCode: null, force: false, reason: "asked for" });
  const later = { monotonicMs: world.nowMs + 60_000, bootMs: world.nowMs + 60_000 };
  const durations = (wallMs: number): number[] => {
    const status = systemStatus(world.state, { ...later, wallMs });
    const why = explain(world.state, "a", { ...later, wallMs });
    const { sinceWallMs = 0, deadlineWallMs = 0 } = status.shutdown ?? {};
    const shown = [
      ...status.services.map((one) => one.sinceWallMs),
      why?.sinceWallMs ?? 0,
      sinceWallMs,
      deadlineWallMs,
    ];
    return [...shown, ...(why?.causes ?? []).map((cause) => cause.wallMs)].map((at) => wallMs - at);
  };
  assert.deepEqual(durations(5), durations(2_500_000_000_000));
  assert.ok(
    durations(5).some((duration) => duration === 60_000),
    "nothing happened a minute ago",
  );
});
