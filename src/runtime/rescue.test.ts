import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { heldByInit } from "../../tests/runtime/held-by-init.ts";
import { Rescue } from "./rescue.ts";

const prepare = service("prepare", { type: "task", critical: "rescue", restart: restart({ policy: "no" }) });
const web = service("web", { dependsOn: [needs("prepare", { wait: "done" })] });

test("Rescue asks for a shell while a critical service has failed, and takes it back when it is mended", () => {
  const held = heldByInit();
  const system = new ByHand(prepare, web);
  const rescue = new Rescue([]);
  rescue.afterTurn(system.state);
  assert.equal(held.get("rescue"), undefined);
  system.mainStarts("prepare");
  system.mainEnds("prepare", 1);
  system.treeEmptied("prepare");
  rescue.afterTurn(system.state);
  assert.match(held.get("rescue") ?? "", /^prepare failed: exited 1\. See gonit why prepare/);
  system.request({ verb: "start", names: ["prepare"] });
  rescue.afterTurn(system.state);
  assert.equal(held.get("rescue"), undefined);
});

test("Rescue for want of a configuration lasts until there are services", () => {
  const held = heldByInit();
  const system = new ByHand();
  const rescue = new Rescue([]);
  rescue.ask("there is nothing to run");
  rescue.afterTurn(system.state);
  assert.equal(held.get("rescue"), "there is nothing to run");
  system.apply(web, prepare);
  rescue.afterTurn(system.state);
  assert.equal(held.get("rescue"), undefined);
});
