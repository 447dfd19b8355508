import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { load, planOf, problemsOf } from "../../tests/config/memory-files.ts";

function services(keys: Record<string, string>): string {
  const lines = Object.entries(keys).map(
    ([name, text]) => `  - {name: ${name}, command: x${text === "" ? "" : `, ${text}`}}\n`,
  );
  return `services:\n${lines.join("")}`;
}

test("dependencies get their defaults: ready, done for a task, required, restart", () => {
  const plan = planOf(
    services({
      a: "depends_on: [b, t, {name: c, wait: started, required: false, restart: false}]",
      b: "",
      t: "type: task",
      c: "",
    }),
  );
  assert.deepEqual(plan.services[0]?.dependsOn, [
    { name: "b", wait: "ready", required: true, restart: true },
    { name: "t", wait: "done", required: true, restart: true },
    { name: "c", wait: "started", required: false, restart: false },
  ]);
});

test("before becomes after of the other, conflicts hold both ways", () => {
  const plan = planOf(services({ a: "before: [b, c], conflicts: [d]", b: "after: [c]", c: "", d: "" }));
  const [a, b, c, d] = plan.services;
  assert.deepEqual([a?.after, b?.after, c?.after], [[], ["a", "c"], ["a"]]);
  assert.deepEqual([a?.conflicts, d?.conflicts], [["d"], ["a"]]);
});

test("a name that is no service is an error wherever it stands, with the nearest name", () => {
  for (const key of ["depends_on", "before", "after", "conflicts"]) {
    const shown = problemsOf(services({ web: `${key}: [databse]`, database: "" }));
    assert.match(
      shown,
      new RegExp(
        `config\\.yml:2:\\d+: services\\.web\\.${key}\\.0: cannot refer to "databse": there is no such service`,
      ),
    );
    assert.match(shown, /fix: did you mean database\?/);
  }
});

test("a service with mistakes of its own is known to the others all the same", () => {
  const shown = problemsOf(services({ a: "depends_on: [b]", b: "restart: allways" }));
  assert.match(shown, /^config\.yml:3:\d+: services\.b\.restart/);
  assert.doesNotMatch(shown, /there is no such service/);
});

test("a cycle is shown with its path and the place of each step, once", () => {
  const text = services({
    a: "depends_on: [b]",
    b: "after: [c]",
    c: "",
    d: "before: [c], depends_on: [a]",
    e: "depends_on: [a]",
  });
  assert.equal(
    problemsOf(text),
    `config.yml:2:40: services.a.depends_on.0: cannot order the services: a → b → c → d → a is a cycle, each waits for the next
  2 |   - {name: a, command: x, depends_on: [b]}
    |                                        ^
  a depends on b (config.yml:2:40)
  b starts after c (config.yml:3:35)
  d is before c (config.yml:5:36)
  d depends on a (config.yml:5:53)
  fix: remove one of these`,
  );
  assert.match(problemsOf(services({ a: "depends_on: [a]" })), /a → a is a cycle/);
});

test("a chain of thousands is no cycle, and closing it is one", () => {
  const chain: Record<string, string> = { s0: "logs: none" };
  for (let index = 1; index < 3000; index++) chain[`s${index}`] = `logs: none, depends_on: [s${index - 1}]`;
  assert.equal(planOf(services(chain)).services.length, 3000);
  chain.s0 = "logs: none, depends_on: [s2999]";
  const shown = problemsOf(services(chain));
  assert.match(shown, /s0 → s2999 → .* … \(2988 more\) → s0 is a cycle/);
});

test("what contradicts itself is refused", () => {
  assert.match(
    problemsOf(services({ a: "depends_on: [b], conflicts: [b]", b: "" })),
    /cannot let a conflict with b: it depends on it/,
  );
  assert.match(problemsOf(services({ a: "conflicts: [a]" })), /cannot let a conflict with itself/);
  assert.match(problemsOf(services({ a: "depends_on: [b, b]", b: "" })), /cannot depend on b twice/);
  assert.match(
    problemsOf(services({ a: "depends_on: [{name: b, wait: done}]", b: "restart: always" })),
    /cannot wait until b is done: it is always restarted/,
  );
});

test("linkServices() finds a cycle exactly when there is no order", () => {
  const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 10 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const after = Array.from({ length: 6 }, () => new Set<number>());
      for (const [from, to] of pairs) after[from]?.add(to);
      const keys: Record<string, string> = {};
      after.forEach((others, index) => {
        keys[`s${index}`] = `after: [${[...others].map((other) => `s${other}`).join(", ")}]`;
      });
      // Take away what waits for nothing that is left, until nothing changes.
      const left = new Set(after.keys());
      for (let changed = true; changed; ) {
        const free = [...left].filter((index) => ![...(after[index] as Set<number>)].some((other) => left.has(other)));
        for (const index of free) left.delete(index);
        changed = free.length > 0;
      }
      assert.equal("plan" in load(services(keys)), left.size === 0);
    }),
    { numRuns: 300 },
  );
});
