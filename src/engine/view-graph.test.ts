import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { systemGraph } from "./view-graph.ts";

test("systemGraph() has each service with its state, and each edge once", () => {
  const hand = new ByHand(
    service("db", { tags: ["data"] }),
    service("web", { dependsOn: [needs("db", { wait: "started", restart: false })], after: ["job"] }),
    service("job", { type: "task", enabled: false }),
    service("night", { conflicts: ["day"], enabled: false }),
    service("day", { conflicts: ["night"], enabled: false }),
  );
  hand.mainStarts("db");
  assert.deepEqual(systemGraph(hand.state), {
    services: [
      { name: "db", type: "service", tags: ["data"], state: "ready", shown: "running" },
      { name: "web", type: "service", tags: [], state: "starting", shown: "starting" },
      { name: "job", type: "task", tags: [], state: "stopped", shown: "stopped" },
      { name: "night", type: "service", tags: [], state: "stopped", shown: "stopped" },
      { name: "day", type: "service", tags: [], state: "stopped", shown: "stopped" },
    ],
    edges: [
      { from: "web", to: "db", kind: "need", wait: "started", required: true, restart: false },
      { from: "web", to: "job", kind: "after", wait: "ready", required: false, restart: false },
      { from: "day", to: "night", kind: "conflict", wait: "", required: false, restart: false },
    ],
  });
});

test("systemGraph() shows what the present plan says, not what a run was started by", () => {
  const hand = new ByHand(service("db"), service("web", { dependsOn: [needs("db")] }));
  hand.mainStarts("db");
  hand.mainStarts("web");
  hand.load(service("db"), service("web", { environment: { A: "1" } }));
  assert.deepEqual(systemGraph(hand.state).edges, []);
});
