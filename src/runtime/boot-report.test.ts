import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { heldByInit } from "../../tests/runtime/held-by-init.ts";
import { initialState } from "../engine/state.ts";
import { BootReport, bootState } from "./boot-report.ts";

const prepare = service("prepare", { type: "task", critical: "rescue", restart: restart({ policy: "no" }) });
const web = service("web", { dependsOn: [needs("prepare", { wait: "done" })] });

test("bootState() is booting until everything is ready or done; what failed makes it degraded", () => {
  assert.equal(bootState(initialState()), "booting");
  assert.equal(bootState(new ByHand().state), "booting");
  const good = new ByHand(prepare, web);
  good.mainStarts("prepare");
  good.mainEnds("prepare", 0);
  good.treeEmptied("prepare");
  assert.equal(bootState(good.state), "booting");
  good.mainStarts("web");
  assert.equal(bootState(good.state), "ready");
  const bad = new ByHand(prepare, web);
  bad.mainStarts("prepare");
  bad.mainEnds("prepare", 1);
  bad.treeEmptied("prepare");
  assert.equal(bootState(bad.state), "degraded");
});

test("BootReport tells each state once, and nothing after ready", () => {
  const held = heldByInit();
  const system = new ByHand(prepare);
  const report = new BootReport([]);
  assert.equal(report.news(system.state), null);
  system.mainStarts("prepare");
  system.mainEnds("prepare", 1);
  system.treeEmptied("prepare");
  assert.equal(report.news(system.state), "degraded");
  assert.equal(report.news(system.state), null);
  system.request({ verb: "start", names: ["prepare"] });
  system.mainStarts("prepare");
  system.mainEnds("prepare", 0);
  system.treeEmptied("prepare");
  assert.equal(report.news(system.state), "ready");
  assert.equal(report.news(system.state), null);
  assert.equal(held.get("boot"), "ready");
});
