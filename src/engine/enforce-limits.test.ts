import assert from "node:assert/strict";
import { test } from "node:test";
import { enforceLimits, isOwnUser, type LimitFacts, needsCgroup, noLimits, userCounts } from "./enforce-limits.ts";

const rich: LimitFacts = {
  controllers: ["cpu", "io", "memory", "pids"],
  hasGroups: true,
  mayRaise: true,
  mayHurry: true,
  hardLimits: { data: null, core: null, processes: null, files: 1000 },
  nice: 0,
  oomScoreAdj: 0,
};

const poor: LimitFacts = { ...rich, controllers: [], mayRaise: false, mayHurry: false };

test("enforceLimits() gives a group every limit, so that those of an earlier definition are gone", () => {
  const asked = { ...noLimits, memoryBytes: 1 << 24, cpu: 0.5, pids: 10, ioWeight: 50 };
  const { files, rlimits, notes } = enforceLimits(asked, rich, false);
  assert.deepEqual(files, [
    ["memory.max", "16777216"],
    ["memory.high", "max"],
    ["cpu.max", "50000 100000"],
    ["cpu.weight", "100"],
    ["io.weight", "default 50"],
    ["pids.max", "10"],
  ]);
  assert.deepEqual([rlimits, notes], [[], []]);
  assert.ok(enforceLimits(noLimits, rich, false).files.every(([name]) => name !== "io.weight"));
  const other = enforceLimits({ ...noLimits, memoryHighBytes: 4096, cpuWeight: 7 }, rich, false).files;
  assert.deepEqual(other.slice(0, 4), [
    ["memory.max", "max"],
    ["memory.high", "4096"],
    ["cpu.max", "max 100000"],
    ["cpu.weight", "7"],
  ]);
  assert.deepEqual(enforceLimits({ ...noLimits, cpu: 0.001 }, rich, false).files[2], ["cpu.max", "1000 100000"]);
});

test("enforceLimits() without a group falls back to limits of each process, and says what is lost", () => {
  const asked = {
    ...noLimits,
    memoryBytes: 1 << 27,
    memoryHighBytes: 1 << 26,
    cpu: 1,
    cpuWeight: 5,
    ioWeight: 5,
    pids: 9,
  };
  const { files, rlimits, notes } = enforceLimits(asked, poor, true);
  assert.deepEqual(files, []);
  assert.deepEqual(rlimits, [
    [2, 1 << 27, 1 << 27],
    [6, 9, 9],
  ]);
  const why = "there is no cgroup here that gonit can write to with the controller";
  assert.deepEqual(notes, [
    `limits.memory holds for each process alone (RLIMIT_DATA 128M): ${why} memory`,
    `limits.memory_high is not applied: ${why} memory`,
    `limits.cpu is not applied: ${why} cpu`,
    `limits.cpu_weight is not applied: ${why} cpu`,
    `limits.io_weight is not applied: ${why} io`,
    `limits.pids counts all processes of its user (RLIMIT_NPROC): ${why} pids`,
  ]);
  const shared = enforceLimits({ ...noLimits, pids: 9 }, poor, false);
  assert.deepEqual(shared.rlimits, []);
  assert.deepEqual(shared.notes, [
    `limits.pids is not applied: ${why} pids, and the service has no user of its own whose processes could be counted`,
  ]);
  const low = { ...poor, hardLimits: { data: 5000, core: null, processes: 5, files: null } };
  const bounded = enforceLimits({ ...noLimits, memoryBytes: 8192, pids: 9 }, low, true);
  assert.deepEqual(bounded.rlimits, [
    [2, 5000, 5000],
    [6, 5, 5],
  ]);
  const raise = "gonit may not raise the hard limit that it was started with";
  assert.deepEqual(
    bounded.notes.filter((note) => note.endsWith(raise)),
    [`limits.memory is 5000: ${raise}`, `limits.pids is 5: ${raise}`],
  );
});

test("enforceLimits() goes no higher than the hard limit where gonit may not raise it", () => {
  assert.deepEqual(enforceLimits({ ...noLimits, files: 5000, coreBytes: -1 }, rich, false).rlimits, [
    [7, 5000, 5000],
    [4, -1, -1],
  ]);
  const hard = { ...poor, hardLimits: { ...poor.hardLimits, core: 0 } };
  const { rlimits, notes } = enforceLimits({ ...noLimits, files: 5000, coreBytes: -1 }, hard, false);
  assert.deepEqual(rlimits, [
    [7, 1000, 1000],
    [4, 0, 0],
  ]);
  assert.match(notes.join("\n"), /^limits\.files is 1000: .*\nlimits\.core is 0: /);
  for (const files of [999, 1000]) assert.deepEqual(enforceLimits({ ...noLimits, files }, poor, false).notes, []);
  assert.deepEqual(enforceLimits({ ...noLimits, coreBytes: 0 }, hard, false).notes, []);
});

test("enforceLimits() leaves out what only a privileged gonit may set", () => {
  const asked = { ...noLimits, nice: -5, oomScoreAdj: -100 };
  const fine = enforceLimits(asked, rich, false);
  assert.deepEqual([fine.nice, fine.oomScoreAdj, fine.notes], [-5, -100, []]);
  const { nice, oomScoreAdj, notes } = enforceLimits(asked, poor, false);
  assert.deepEqual([nice, oomScoreAdj], [null, null]);
  assert.deepEqual(notes, [
    "limits.nice is not applied: gonit may not go below 0 (CAP_SYS_NICE)",
    "limits.oom_score_adj is not applied: gonit may not go below 0 (CAP_SYS_RESOURCE)",
  ]);
  assert.deepEqual(enforceLimits(noLimits, { ...poor, nice: 5, oomScoreAdj: 5 }, false).notes, []);
  assert.equal(enforceLimits({ ...noLimits, oomScoreAdj: 5 }, { ...poor, oomScoreAdj: 5 }, false).oomScoreAdj, 5);
  const lower = enforceLimits({ ...noLimits, nice: 5, oomScoreAdj: 100 }, poor, false);
  assert.deepEqual([lower.nice, lower.oomScoreAdj, lower.notes], [5, 100, []]);
  assert.equal(enforceLimits({ ...noLimits, nice: 5 }, { ...poor, nice: 5 }, false).nice, 5);
});

test("enforceLimits() bounds the groups that a service makes, and tells where it gets no controllers or no group", () => {
  const asked = { ...noLimits, delegate: true as const };
  const { files, notes } = enforceLimits(asked, rich, false);
  const bounds = files.filter(([name]) => name.startsWith("cgroup."));
  assert.deepEqual(bounds, [
    ["cgroup.max.depth", "16"],
    ["cgroup.max.descendants", "1000"],
  ]);
  assert.deepEqual(notes, []);
  assert.ok(enforceLimits(noLimits, rich, false).files.every(([name]) => !name.startsWith("cgroup.")));
  assert.deepEqual(enforceLimits(asked, poor, false).notes, [
    "limits.delegate hands on no controllers: there are none here that gonit can write to",
  ]);
  assert.deepEqual(enforceLimits(asked, { ...poor, hasGroups: false }, false).notes, [
    "limits.delegate is not applied: there is no cgroup here that gonit can write to",
  ]);
});

test("needsCgroup() is about what all processes of a service share", () => {
  assert.equal(needsCgroup(null), false);
  assert.equal(needsCgroup({ ...noLimits, files: 3, nice: 1, oomScoreAdj: 1, coreBytes: 0 }), false);
  for (const key of ["memoryBytes", "memoryHighBytes", "cpu", "cpuWeight", "ioWeight", "pids"] as const)
    assert.equal(needsCgroup({ ...noLimits, [key]: 1 }), true, key);
  assert.equal(needsCgroup({ ...noLimits, delegate: true }), true);
});

test("isOwnUser() wants a user that is not root and no other service's", () => {
  const counts = userCounts([
    { user: "app" },
    { user: "" },
    { user: "www" },
    { user: "www" },
    { user: "root" },
    { user: "0" },
  ]);
  assert.deepEqual(
    ["app", "", "www", "root", "0"].map((user) => isOwnUser(user, counts)),
    [true, false, false, false, false],
  );
});
