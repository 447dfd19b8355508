import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import { engineOf } from "./engine.ts";
import type { Request } from "./event.ts";
import { foretell } from "./foretell.ts";

const plans = [
  service("db", { reload: { kind: "restart" } }),
  service("api", { dependsOn: [needs("db")], reload: { kind: "signal", signal: 1 } }),
  service("web", { dependsOn: [needs("api")] }),
  service("report", { dependsOn: [needs("db", { restart: false })] }),
  service("other", { conflicts: ["web"] }),
];

/** The services that are up, started in this order. */
function running(...names: string[]): (request: Request) => string {
  const hand = new ByHand(...plans.map((plan) => ({ ...plan, enabled: names.includes(plan.name) })));
  for (const name of names) hand.mainStarts(name);
  return (request) => foretell(engineOf(hand.state), request);
}

test("foretell() names what a restart restarts as well, and because of what", () => {
  const tell = running("db", "api", "web", "report");
  const all = "api (needs db), web (needs api)";
  assert.equal(tell({ verb: "restart", names: ["db"] }), `restarts as well: ${all}`);
  assert.equal(tell({ verb: "restart", names: ["db", "api"] }), "restarts as well: web (needs api)");
  assert.equal(tell({ verb: "reload", names: ["db"] }), `restarts as well: ${all}`);
  assert.equal(tell({ verb: "reload", names: ["api"] }), "", "a signal ends nothing");
  assert.equal(tell({ verb: "restart", names: ["report"] }), "");
});

test("foretell() names what a stop stops first, as far as it runs", () => {
  assert.equal(running("db", "api")({ verb: "stop", names: ["db"], force: false }), "stops first: api (needs db)");
  assert.equal(running("db")({ verb: "stop", names: ["db"], force: false }), "");
  assert.equal(running()({ verb: "restart", names: ["db"] }), "", "nothing of it runs");
});

test("foretell() names what a start stops because of a conflict", () => {
  const tell = running("db", "api", "web");
  assert.equal(tell({ verb: "start", names: ["other"] }), "stops: web (conflicts with other)");
  assert.equal(tell({ verb: "start", names: ["db"] }), "");
});

test("foretell() is silent about what will be refused, and about what touches no other", () => {
  const tell = running("db", "api");
  assert.equal(tell({ verb: "restart", names: ["db", "nobody"] }), "");
  assert.equal(tell({ verb: "wait", names: ["db"], until: "ready" }), "");
  const hand = new ByHand(...plans);
  hand.mainStarts("db");
  hand.request({ verb: "shutdown", mode: ShutdownMode.exit, exitCode: 0, force: false, reason: "test" });
  assert.equal(foretell(engineOf(hand.state), { verb: "stop", names: ["db"], force: false }), "");
});
