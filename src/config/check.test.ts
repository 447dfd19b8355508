import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { figureLines, figuresOf } from "./check.ts";

const unlimited = { processes: null, descriptors: null };

function figures(text: string, role: number = Role.laptop) {
  return figuresOf(planOf({ "/app/config.yml": text }, { role, path: "/app/config.yml" }), unlimited);
}

test("figuresOf() counts processes, log files and memory at their most", () => {
  const found = figures(
    "services: [{name: a, command: x, ready: {exec: y}, stop: {command: z}}, {name: g, type: group}, {name: b, command: x, logs: {max_size: 1M, keep: 1, stderr: separate}}]",
    Role.vm,
  );
  assert.equal(found.processes, 3 + 3 + 1);
  assert.equal(found.logFileBytes, (10 * 4 + 2 * 2) * 1024 * 1024);
  assert.equal(found.logMemoryBytes, 0);
  assert.equal(figures("services: [{name: a, command: x}]").logMemoryBytes, 2 * 16_384);
});

test("figuresOf() follows the longest way of starts, tasks with all their runs", () => {
  const text = `services:
  - {name: a, command: x, timeout: {start: 10s}}
  - {name: t, type: task, runs: 2, command: x, timeout: {start: 1s, run: 5s}, depends_on: [a]}
  - {name: b, command: x, timeout: {start: 20s}, depends_on: [t]}
  - {name: c, command: x, timeout: {start: 40s}}`;
  assert.deepEqual(figures(text).start, { boundMs: 10_000 + 2000 + 10_000 + 20_000, path: ["a", "t", "b"] });
  assert.deepEqual(
    figures("services: [{name: t, type: task, command: x}, {name: b, command: x, depends_on: [t]}]").start,
    { unbounded: "t" },
  );
});

test("figureLines() says when a limit of this machine is too low", () => {
  const plan = planOf("services: [{name: a, command: x}]");
  const lines = figureLines(figuresOf(plan, { processes: 2, descriptors: 20_000 }));
  assert.match(lines[0] ?? "", /^processes +4, but the limit here is 2$/);
  assert.match(lines[1] ?? "", /^descriptors +\d+ of 20000$/);
  assert.match(lines[4] ?? "", /^longest start +1m30s$/);
});
