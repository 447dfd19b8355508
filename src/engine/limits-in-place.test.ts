import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { needsNewProcess, planChanges } from "./diff.ts";
import { noLimits } from "./enforce-limits.ts";
import { fixedLimits, limitKeys } from "./limits-in-place.ts";
import type { LimitsPlace, LimitsPlan } from "./plan.ts";

const all = ["cpu", "io", "memory", "pids"];
const root: LimitsPlace = { controllers: all, groups: "where-needed", mayRaise: true, mayHurry: true };
const poor: LimitsPlace = { controllers: [], groups: "none", mayRaise: false, mayHurry: false };

function limits(options: Partial<LimitsPlan>): LimitsPlan {
  return { ...noLimits, ...options };
}

function fixed(
  from: Partial<LimitsPlan> | null,
  to: Partial<LimitsPlan> | null,
  place: LimitsPlace,
  user = "",
): string {
  return fixedLimits({ limits: from && limits(from), user }, { limits: to && limits(to), user }, place).join();
}

test("fixedLimits() has files of a group written while it runs, whatever they hold", () => {
  const from = { memoryBytes: 1, memoryHighBytes: 1, cpu: 1, cpuWeight: 1, ioWeight: 1, pids: 1 };
  const to = { memoryBytes: 9, memoryHighBytes: 9, cpu: 9, cpuWeight: 9, ioWeight: 9, pids: 9 };
  assert.equal(fixed(from, to, { ...root, mayRaise: false }), "");
  assert.equal(fixed(to, from, { ...root, mayRaise: false }), "");
  assert.equal(fixed(from, { pids: 1 }, root), "ioWeight", "the kernel has no word for a weight that was never given");
});

test("fixedLimits() moves no process into a group, or out of one", () => {
  assert.equal(fixed({ files: 9 }, { files: 8, memoryBytes: 5, cpu: 1 }, root), "memoryBytes,cpu");
  assert.equal(fixed(null, { memoryBytes: 5 }, root), "memoryBytes");
  assert.equal(fixed({ memoryBytes: 5 }, null, root), "memoryBytes");
  assert.equal(fixed(null, { memoryBytes: 5 }, { ...root, groups: "all" }), "");
  assert.equal(fixed({ memoryBytes: 5 }, null, { ...root, groups: "all" }), "");
});

test("fixedLimits() lowers limits of processes, raises them with privileges, and takes none away", () => {
  for (const field of ["files", "coreBytes", "memoryBytes", "pids"] as const) {
    assert.equal(fixed({ [field]: 20 }, { [field]: 10 }, poor), "", field);
    assert.equal(fixed({ [field]: 10 }, { [field]: 20 }, poor), field);
    assert.equal(fixed(null, { [field]: 20 }, poor), field, "what it has now may be less");
    assert.equal(fixed({ [field]: 10 }, { [field]: 20 }, { ...poor, mayRaise: true }), "", field);
    assert.equal(fixed({ [field]: 10 }, null, { ...poor, mayRaise: true }), field);
  }
  assert.equal(fixed({ coreBytes: -1 }, { coreBytes: 5 }, poor), "");
  assert.equal(fixed({ coreBytes: 5 }, { coreBytes: -1 }, poor), "coreBytes");
  assert.equal(fixed({ coreBytes: 0 }, { coreBytes: 5 }, poor), "coreBytes");
  assert.equal(fixed(null, { coreBytes: 0 }, poor), "coreBytes");
});

test("fixedLimits() needs privileges for processes of another user", () => {
  const from = { files: 20, nice: 1, oomScoreAdj: 1 };
  const to = { files: 10, nice: 2, oomScoreAdj: 2 };
  assert.equal(fixed(from, to, poor, "www"), "files,nice,oomScoreAdj");
  assert.equal(fixed(from, to, { ...poor, mayRaise: true, mayHurry: true }, "www"), "");
  assert.equal(fixed({ pids: 5 }, { pids: 6 }, { ...root, mayRaise: false }, "www"), "", "the group's file is gonit's");
});

test("fixedLimits() needs privileges for a higher priority", () => {
  for (const [field, right] of [
    ["nice", "mayHurry"],
    ["oomScoreAdj", "mayRaise"],
  ] as const) {
    assert.equal(fixed({ [field]: 5 }, { [field]: 6 }, poor), "", field);
    assert.equal(fixed({ [field]: 5 }, { [field]: 4 }, poor), field);
    assert.equal(fixed({ [field]: 5 }, { [field]: 4 }, { ...poor, [right]: true }), "", field);
    assert.equal(fixed(null, { [field]: 4 }, poor), field);
    assert.equal(fixed({ [field]: 5 }, null, { ...poor, [right]: true }), field);
  }
});

test("fixedLimits() has a service start anew that gets its group to divide, or loses it, where there are groups", () => {
  for (const place of [root, { ...root, groups: "all" as const }]) {
    assert.equal(fixed({ memoryBytes: 5 }, { memoryBytes: 5, delegate: true }, place), "delegate");
    assert.equal(fixed({ memoryBytes: 5, delegate: true }, { memoryBytes: 6 }, place), "delegate");
  }
  assert.equal(fixed(null, { delegate: true }, poor), "");
});

test("fixedLimits() starts nothing anew for what nothing applies here", () => {
  assert.equal(fixed({ cpu: 1 }, { cpu: 2, cpuWeight: 5, ioWeight: 5, memoryHighBytes: 5 }, poor), "");
});

test("planChanges() tells which limits change in place, and which need a restart", () => {
  const change = (from: Partial<LimitsPlan>, to: Partial<LimitsPlan>, limitsPlace?: LimitsPlace) => {
    const one = system([service("a", { limits: limits(from) })]);
    const other = system([service("a", { limits: limits(to), labels: {} })], limitsPlace && { limitsPlace });
    const [found] = planChanges(one, other, []);
    return `${found?.action}: ${found?.because}`;
  };
  const from = { memoryBytes: 1, files: 7, nice: 2 };
  assert.equal(
    change(from, { ...from, memoryBytes: 2, nice: 3 }, root),
    "in-place: limits.memory, limits.nice changed",
  );
  assert.equal(change(from, { memoryBytes: 2, files: 7 }, root), "restart: limits.nice changed");
  assert.equal(change(from, { ...from, memoryBytes: 2 }), "restart: limits.memory changed");
});

test("needsNewProcess() is true of a limit that cannot be changed in what runs", () => {
  const needs = (memoryBytes: number, place?: LimitsPlace) =>
    needsNewProcess(
      service("a", { limits: limits({ memoryBytes: 1 }) }),
      service("a", { limits: limits({ memoryBytes }) }),
      place,
    );
  assert.deepEqual([needs(2), needs(1), needs(2, root)], [true, false, false]);
});

test("limits have the configuration's words", () => {
  const words = "memory memory_high cpu cpu_weight io_weight pids files core nice oom_score_adj delegate";
  assert.deepEqual(Object.keys(limitKeys), Object.keys(noLimits));
  assert.equal(Object.values(limitKeys).join(" "), words);
});
