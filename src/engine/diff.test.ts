import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { command, needs, service, system } from "../../sim/plans.ts";
import { isEqual, planChanges } from "./diff.ts";
import type { ServicePlan } from "./plan.ts";

function change(from: Partial<ServicePlan>, to: Partial<ServicePlan>) {
  const [one] = planChanges(system([service("a", from)]), system([service("a", to)]), []);
  return one;
}

test("planChanges() keeps what is the same", () => {
  assert.deepEqual(change({}, {}), { service: "a", action: "keep", because: "" });
});

test("planChanges() restarts when what a process was started with changed", () => {
  assert.deepEqual(change({}, { environment: { A: "1" }, user: "www" }), {
    service: "a",
    action: "restart",
    because: "user, environment (A) changed",
  });
  assert.equal(change({}, { command: command("/bin/other") })?.action, "restart");
});

test("planChanges() keeps running what changed only beside the process, and says so", () => {
  assert.deepEqual(change({}, { labels: { team: "x" } }), {
    service: "a",
    action: "in-place",
    because: "labels changed",
  });
  assert.equal(change({}, { critical: "exit" })?.action, "in-place");
  assert.equal(change({}, { labels: { team: "x" }, tags: ["y"] })?.because, "tags, labels changed");
});

test("planChanges() starts what is enabled now", () => {
  const expected = { service: "a", action: "start", because: "enabled now" };
  assert.deepEqual(change({ enabled: false }, { user: "www" }), expected);
});

test("planChanges() names the key of a built-in service where only what it is told has changed", () => {
  const command = { argv: ["terminals"], builtin: "terminals" };
  const settings = { terminals: null, isMachine: true };
  assert.deepEqual(change({ command }, { command: { ...command, settings } }), {
    service: "a",
    action: "restart",
    because: "terminals changed",
  });
  assert.equal(change({ command }, { command: { argv: ["x"], builtin: null } })?.because, "command changed");
});

test("planChanges() has the configuration's words for what changed, each once", () => {
  assert.equal(change({}, { environmentFiles: [{ path: "/x", required: true }] })?.because, "env_file changed");
  assert.equal(change({}, { environmentProblem: "gone" })?.because, "env_file changed");
  assert.equal(change({}, { inheritEnvironment: ["A"] })?.because, "inherit_environment changed");
  assert.equal(change({}, { startTimeoutMs: 1, runTimeoutMs: 2 })?.because, "timeout changed");
  assert.equal(change({}, { runTimeoutMs: 2, dependsOn: [needs("b")] })?.because, "depends_on, timeout changed");
});

test("planChanges() names the variables that changed, by where they come from, and none of their values", () => {
  const environmentFiles = [{ path: "/web.env", required: true, except: ["LEVEL"] }];
  const from = { environmentFiles, environment: { LEVEL: "1", TOKEN: "old", KEPT: "x" } };
  assert.equal(
    change(from, { ...from, environment: { LEVEL: "2", KEPT: "x" } })?.because,
    "environment (LEVEL), env_file (TOKEN) changed",
  );
  const many = Object.fromEntries(["G", "F", "E", "D", "C", "B", "A"].map((name) => [name, "1"]));
  assert.equal(change({}, { environment: many })?.because, "environment (A, B, C, D, E and 2 more) changed");
  const except = [{ path: "/web.env", required: true, except: ["LEVEL", "TOKEN"] }];
  assert.deepEqual(change(from, { ...from, environmentFiles: except }), { service: "a", action: "keep", because: "" });
});

test("planChanges() takes where a service is defined for no change", () => {
  assert.deepEqual(change({}, { definedAt: "other.yml:7" }), { service: "a", action: "keep", because: "" });
});

test("planChanges() starts what is new, stops what is gone, follows enabled", () => {
  const changes = planChanges(
    system([service("gone"), service("off")]),
    system([service("new"), service("idle", { enabled: false }), service("off", { enabled: false })]),
    [],
  );
  assert.deepEqual(
    changes.map(({ service, action, because }) => `${service} ${action}: ${because}`),
    [
      "new start: new",
      "idle keep: new, not enabled",
      "off stop: no longer enabled",
      "gone stop: no longer in the configuration",
    ],
  );
  assert.deepEqual(
    planChanges(null, system([service("a")]), []).map(({ action }) => action),
    ["start"],
  );
});

test("planChanges() keeps what is no longer enabled while something that is up needs it", () => {
  const from = [service("a"), service("b", { dependsOn: [needs("a")] }), service("hand", { enabled: false })];
  const off = service("a", { enabled: false });
  const said = (to: ServicePlan[], wanted: string[] = []) =>
    planChanges(system(from), system(to), wanted).map(({ action, because }) => `${action}: ${because}`)[0];
  const b = service("b", { dependsOn: [needs("a")] });
  const c = service("c", { dependsOn: [needs("b"), needs("a")] });
  assert.equal(said([off, b, c]), "keep: no longer enabled, but needed by b");
  assert.equal(said([off, b]), "keep: no longer enabled, but needed by b");
  assert.equal(said([off, { ...b, enabled: false }]), "stop: no longer enabled");
  assert.equal(said([{ ...off, user: "x" }, b]), "restart: user changed");
  assert.equal(
    said([off, { ...b, enabled: false }, service("c", { dependsOn: [needs("b")] })]),
    "keep: no longer enabled, but needed by b",
  );
  // Started by request, so it is to stay up.
  const hand = service("hand", { enabled: false, dependsOn: [needs("a")] });
  assert.equal(said([off, hand], ["a", "hand"]), "keep: no longer enabled, but needed by hand");
  assert.equal(said([off, hand], ["a"]), "stop: no longer enabled");
  // What is up only because it was enabled, or is not there any more, keeps nothing up.
  assert.equal(said([off, { ...b, enabled: false }], ["a", "b"]), "stop: no longer enabled");
  assert.equal(said([off], ["a", "b", "unknown"]), "stop: no longer enabled");
});

test("isEqual() agrees with JSON for plain data, whatever the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      assert.equal(isEqual(one, structuredClone(one)), true);
      if (isEqual(one, other)) assert.deepEqual(one, other);
    }),
  );
  assert.equal(isEqual({ a: 1, b: 2 }, { b: 2, a: 1 }), true);
  assert.equal(isEqual([1], { 0: 1 }), false);
  assert.equal(isEqual("1", { 0: "1" }), false);
  assert.equal(isEqual({ 0: "1" }, "1"), false);
  assert.equal(isEqual({ a: null }, {}), false);
});

test("planChanges() sees that another file of variables is read, and another watchdog is set", () => {
  const file = (path: string): Partial<ServicePlan> => ({ environmentFiles: [{ path, required: true }] });
  assert.equal(change(file("/x"), file("/y"))?.because, "env_file changed");
  assert.equal(change({}, { watchdogMs: 1000 })?.because, "watchdog changed");
});
