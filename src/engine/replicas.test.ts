import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, service } from "../../sim/plans.ts";
import { removeDirectories, type ServicePlan } from "./plan.ts";
import { families, scaledServices } from "./replicas.ts";

const logs = { ...service("x").logs, to: "file", path: "/var/log/web.log" } as const;
const run = { run: [{ name: "web", mode: 0o755 }], state: [{ name: "web", mode: 0o755 }], cache: [], logs: [] };
const removal = { argv: [removeDirectories, "web"], builtin: removeDirectories };
const web = service("web", { logs, directories: run, postStop: [removal], after: ["db"] });
const user = service("user", { dependsOn: [needs("web"), needs("db")], after: ["web"], conflicts: ["web"] });
const services = [service("db"), web, user];
const scaled = (list: ServicePlan[], count: number) => scaledServices(list, new Map([["web", count]]));

test("scaledServices() makes members with what is their own, and refers to all of them", () => {
  const [, one, two, after] = scaled(services, 2) as ServicePlan[];
  assert.deepEqual([one?.name, two?.name, after?.name], ["web@1", "web@2", "user"]);
  assert.equal(two?.logs.path, "/var/log/web@2.log");
  assert.deepEqual(two?.directories?.run, [{ name: "web@2", mode: 0o755 }]);
  assert.deepEqual(two?.directories?.state, run.state);
  assert.deepEqual(two?.postStop[0]?.argv, [removeDirectories, "web@2"]);
  assert.deepEqual(
    after?.dependsOn.map(({ name }) => name),
    ["web@1", "web@2", "db"],
  );
  assert.deepEqual(
    [after?.after, after?.conflicts],
    [
      ["web@1", "web@2"],
      ["web@1", "web@2"],
    ],
  );
});

test("scaledServices() of what is scaled already is as if it had been so from the beginning", () => {
  for (const [from, to] of [
    [3, 1],
    [1, 4],
    [2, 12],
    [12, 2],
  ] as const)
    assert.deepEqual(scaled(scaled(services, from), to), scaled(services, to));
});

test("families() is the reverse of scaledServices()", () => {
  const found = families(scaled(services, 3));
  assert.deepEqual(
    found.map(({ replicas }) => replicas),
    [0, 3, 0],
  );
  assert.deepEqual(
    found.map((one) => one.service),
    services,
  );
});

test("scaledServices() changes nothing where nothing has replicas", () => {
  assert.equal(scaledServices(services, new Map()), services);
});

test("scaledServices() keeps the first of needs that become one, and what names no file or folder", () => {
  const needed = [needs("web@1", { restart: false }), needs("web@2")];
  const tidy = { argv: ["/bin/tidy", "web"], builtin: null };
  const [one, two] = scaled([service("web", { postStop: [tidy] }), service("other", { dependsOn: needed })], 1);
  assert.deepEqual(two?.dependsOn, [needs("web@1", { restart: false })]);
  assert.deepEqual([one?.logs.path, one?.postStop], ["", [tidy]]);
  assert.equal(removeDirectories, "remove-directories");
});
