import assert from "node:assert/strict";
import { test } from "node:test";
import type { Process } from "../../sim/kernel.ts";
import { needs, service, system } from "../../sim/plans.ts";
import { Scripted } from "../../sim/scripted.ts";
import { World } from "../../sim/world.ts";
import type { Request } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import { requestNote } from "./view-note.ts";

function running(...services: ServicePlan[]): World {
  const world = new World({ seed: 1, behaviour: new Scripted() });
  world.load(system(services));
  world.advance(10);
  return world;
}

const stop = (...names: string[]): Request => ({ verb: "stop", names, force: false });
const restart = (...names: string[]): Request => ({ verb: "restart", names });

test("requestNote() tells what else is stopped, before it is", () => {
  const { state } = running(
    service("a"),
    service("b", { dependsOn: [needs("a")] }),
    service("c", { dependsOn: [needs("a", { restart: false })] }),
  );
  assert.equal(requestNote(state, restart("a")), "b needs it and is stopped first, started again after");
  assert.equal(requestNote(state, stop("a")), "b needs it and is stopped first, waiting until it is back");
  assert.equal(requestNote(state, stop("a", "b")), "");
  assert.equal(requestNote(state, { verb: "start", names: ["a"] }), "");
});

test("requestNote() follows the chain, and names each once", () => {
  const { state } = running(
    service("a"),
    service("b", { dependsOn: [needs("a")] }),
    service("c", { dependsOn: [needs("a"), needs("b")] }),
    service("d", { dependsOn: [needs("c")] }),
  );
  assert.equal(requestNote(state, stop("a")), "b, c, d need it and are stopped first, waiting until it is back");
});

test("requestNote() names at most ten, and counts the others", () => {
  const dependents = (count: number) =>
    Array.from({ length: count }, (_, at) => service(`s${at + 1}`, { dependsOn: [needs("a")] }));
  const names = "s1, s2, s3, s4, s5, s6, s7, s8, s9, s10";
  const rest = "need it and are stopped first, waiting until it is back";
  assert.equal(requestNote(running(service("a"), ...dependents(10)).state, stop("a")), `${names} ${rest}`);
  assert.equal(requestNote(running(service("a"), ...dependents(12)).state, stop("a")), `${names} and 2 more ${rest}`);
});

test("requestNote() says nothing of what does not run, and of what is stopped for another reason already", () => {
  const dependents = [
    service("b", { dependsOn: [needs("a")] }),
    service("off", { enabled: false, dependsOn: [needs("a")] }),
  ];
  const { state } = running(service("a"), ...dependents);
  assert.equal(requestNote(state, stop("a")), "b needs it and is stopped first, waiting until it is back");
  const behaviour = new Scripted();
  behaviour.of("b").ignores = [15];
  const deaf = new World({ seed: 1, behaviour });
  deaf.load(system([service("a"), ...dependents]));
  deaf.advance(10);
  deaf.kernel.end(deaf.kernel.mainOf("a") as Process, 1, null);
  deaf.settleNow();
  deaf.advance(10);
  assert.deepEqual(
    deaf.state.units.map(({ state }) => state),
    ["backing-off", "stopping", "stopped"],
  );
  assert.equal(requestNote(deaf.state, stop("a")), "");
});
