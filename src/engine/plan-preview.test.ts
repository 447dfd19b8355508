import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service, system } from "../../sim/plans.ts";
import { Scripted } from "../../sim/scripted.ts";
import { World } from "../../sim/world.ts";
import type { ServicePlan } from "./plan.ts";
import { planPreview } from "./plan-preview.ts";

function running(services: ServicePlan[]): World {
  const world = new World({ seed: 1, behaviour: new Scripted() });
  world.load(system(services));
  world.advance(0);
  return world;
}

function told(world: World, services: ServicePlan[]): string[] {
  const { changes } = planPreview(world.state, system(services));
  return changes.map(({ service: name, action, because }) => `${action} ${name}: ${because}`);
}

const changed = { environment: { A: "1" } };

test("planPreview() tells what is restarted with what it needs, in chains", () => {
  const web = service("web", { dependsOn: [needs("api")] });
  const api = service("api", { dependsOn: [needs("db")] });
  const loose = service("loose", { dependsOn: [needs("db", { restart: false })] });
  const world = running([service("db"), api, web, loose]);
  assert.deepEqual(told(world, [service("db", changed), api, web, loose]), [
    "restart db: environment (A) changed",
    "restart api: needs db, which is restarted",
    "restart web: needs api, which is restarted",
    "keep loose: ",
  ]);
});

test("planPreview() does what an apply does to a chain", () => {
  const services = [service("db"), service("api", { dependsOn: [needs("db")] }), service("other")];
  const world = running(services);
  const pids = () => world.state.units.map(({ name, run }) => `${name} ${run?.pid}`);
  const before = pids();
  const next = [service("db", changed), ...services.slice(1)];
  const restarts = planPreview(world.state, system(next)).changes.filter(({ action }) => action === "restart");
  world.load(system(next));
  world.advance(1000);
  const moved = pids().filter((text) => !before.includes(text));
  assert.deepEqual(
    restarts.map(({ service: name }) => name),
    moved.map((text) => text.split(" ")[0]),
  );
});

test("planPreview() says of a changed service that is stopped that it stays so", () => {
  const world = running([service("a"), service("b")]);
  world.request({ verb: "stop", names: ["a"], force: false });
  world.advance(1000);
  assert.deepEqual(told(world, [service("a", changed), service("b")]), [
    "keep a: environment (A) changed, but it is stopped",
    "keep b: ",
  ]);
});

test("planPreview() names keys of the file itself", () => {
  const world = running([service("a")]);
  const next = system([service("a")], { title: "Other", shutdownTimeoutMs: 5 });
  assert.deepEqual(planPreview(world.state, next).system, ["title", "shutdown"]);
});
