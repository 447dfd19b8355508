import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStat, usageOf } from "./process-usage.ts";

test("parseStat() finds parent and time behind a name with blanks and parentheses", () => {
  const text = "77 (a (b) c) S 12 77 77 0 -1 4194304 120 0 0 0 150 25 0 0 20 0 1 0 4711 1000000 300 1844";
  assert.deepEqual(parseStat(text), { pid: 77, parent: 12, cpuMs: 1750 });
  for (const wrong of ["", "x", "77 (sh) S 1"]) assert.equal(parseStat(wrong), null);
});

test("usageOf() counts a main process, its descendants, and what a service has left to init", () => {
  const process = (pid: number, parent: number) => ({ pid, parent, cpuMs: pid });
  const processes = [process(10, 1), process(11, 10), process(12, 11), process(20, 1), process(30, 1), process(31, 30)];
  // 20 belongs to another main process below the first one's, 30 was left by b.
  const mains = new Map([
    [10, "a"],
    [20, "b"],
    [30, "b"],
  ]);
  const usages = usageOf([...processes, process(99, 98), process(98, 99)], ({ pid }) => mains.get(pid) ?? null);
  assert.deepEqual(
    [...usages],
    [
      ["a", { cpuMs: 33, pids: [10, 11, 12] }],
      ["b", { cpuMs: 81, pids: [20, 30, 31] }],
    ],
  );
});
