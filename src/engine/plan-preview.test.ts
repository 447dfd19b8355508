import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service, system } from "../../sim/plans.ts";
import { Scripted } from "../../sim/scripted.ts";
import { World } from "../../sim/world.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { ServicePlan } from "./plan.ts";
import { planPreview } from "./plan-preview.ts";
import { initialState } from "./state.ts";

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

test("planPreview() takes for restarted what is to run, and tells of the rest that it is known from then on", () => {
  const world = running([service("db"), service("off", { enabled: false })]);
  world.request({ verb: "stop", names: ["db"], force: false });
  world.advance(1000);
  assert.deepEqual(told(world, [service("db", changed), service("off", { enabled: false, ...changed })]), [
    "keep db: environment (A) changed, but it is stopped",
    "keep off: environment (A) changed, but it is stopped",
  ]);
  assert.deepEqual(told(world, [service("db", { labels: { team: "x" } }), service("new")]), [
    "in-place db: labels changed",
    "start new: new",
    "stop off: no longer in the configuration",
  ]);
});

test("planPreview() restarts nothing that needs a task, that does not run, or that is stopped or changed itself", () => {
  const all = (options: Partial<ServicePlan>, more: ServicePlan[] = []) => [
    service("db", options),
    service("job", { type: "task", ...options }),
    service("ready", { dependsOn: [needs("job")] }),
    service("idle", { enabled: false, dependsOn: [needs("db")] }),
    ...more,
  ];
  const web = service("web", { dependsOn: [needs("db")] });
  const api = service("api", { dependsOn: [needs("db")] });
  const off = service("off", { dependsOn: [needs("db")] });
  const world = running(all({}, [web, api, off]));
  const next = [
    { ...web, labels: { team: "x" } },
    { ...api, environment: { B: "1" } },
    { ...off, enabled: false },
    service("fresh", { enabled: false, dependsOn: [needs("db")] }),
  ];
  assert.deepEqual(told(world, all(changed, next)), [
    "restart db: environment (A) changed",
    "restart job: environment (A) changed",
    "keep ready: ",
    "keep idle: ",
    "restart web: needs db, which is restarted",
    "restart api: environment (B) changed",
    "stop off: no longer enabled",
    "keep fresh: new, not enabled",
  ]);
});

test("planPreview() keeps what is no longer enabled as long as one that was started by hand needs it", () => {
  const web = service("web", { enabled: false, dependsOn: [needs("db")] });
  const world = running([service("db"), web]);
  const next = [service("db", { enabled: false }), web];
  assert.deepEqual(told(world, next), ["stop db: no longer enabled", "keep web: "]);
  world.request({ verb: "start", names: ["web"] });
  world.advance(1000);
  assert.deepEqual(told(world, next), ["keep db: no longer enabled, but needed by web", "keep web: "]);
});

test("planPreview() leaves what came after the end of a service, which runs once more", () => {
  const report = service("report", { dependsOn: [needs("db", { wait: "done" })] });
  const hand = new ByHand(service("db"), report);
  hand.mainStarts("db");
  hand.mainEnds("db", 0);
  hand.treeEmptied("db");
  hand.mainStarts("report");
  hand.request({ verb: "start", names: ["db"] });
  hand.mainStarts("db");
  const { changes } = planPreview(hand.state, system([service("db", changed), report]));
  assert.deepEqual(
    changes.map(({ action }) => action),
    ["restart", "keep"],
  );
});

test("planPreview() of a gonit without a plan starts what is enabled", () => {
  const plan = system([service("db"), service("off", { enabled: false })], { title: "Shop" });
  const { changes, system: keys } = planPreview(initialState(), plan);
  assert.deepEqual(
    [changes.map(({ service: name, action }) => `${action} ${name}`), keys],
    [["start db", "keep off"], []],
  );
});
