import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf, serviceOf } from "../../tests/config/memory-files.ts";

const problems = (limits: string) => problemsOf(`services: [{name: a, command: c, limits: ${limits}}]`);

test("limits reach the plan, and a service without any has none", () => {
  const text =
    "{memory: 64M, memory_high: 32M, cpu: 1.5, cpu_weight: 10, io_weight: 20, pids: 30, files: 40, core: unlimited, nice: -5, oom_score_adj: 500, delegate: true}";
  assert.deepEqual(serviceOf(`command: c\nlimits: ${text}`).limits, {
    memoryBytes: 64 << 20,
    memoryHighBytes: 32 << 20,
    cpu: 1.5,
    cpuWeight: 10,
    ioWeight: 20,
    pids: 30,
    files: 40,
    coreBytes: -1,
    nice: -5,
    oomScoreAdj: 500,
    delegate: true,
  });
  assert.equal(serviceOf("command: c").limits, null);
  assert.equal(serviceOf("command: c\nlimits: {}").limits, null);
  assert.equal(serviceOf("command: c\nlimits: {delegate: false}").limits, null);
  assert.equal(serviceOf("command: c\nlimits: {core: 0, delegate: false}").limits?.delegate, null);
  assert.equal(serviceOf("command: c\nlimits: {core: 0}").limits?.coreBytes, 0);
});

test("limits of defaults and of a service are merged key by key, and null takes one away", () => {
  const [one, two] = planOf(
    "defaults: {limits: {files: 100, nice: 5}}\nservices: [{name: a, command: c, limits: {files: 200}}, {name: b, command: c, limits: {files: null, nice: null}}]",
  ).services;
  assert.deepEqual([one?.limits?.files, one?.limits?.nice], [200, 5]);
  assert.equal(two?.limits, null);
});

test("limits that mean nothing are refused", () => {
  assert.match(problems("{memory: 1K}"), /less than 4096 bytes/);
  assert.match(problems("{memory: lots}"), /no size/);
  assert.match(problems("{cpu: 0}"), /not a number from 0\.01/);
  assert.match(problems("{cpu_weight: 0}"), /whole number from 1 to 10000/);
  assert.match(problems("{pids: 0}"), /whole number from 1/);
  assert.match(problems("{files: 2}"), /whole number from 3/);
  assert.match(problems("{nice: 20}"), /from -20 to 19/);
  assert.match(problems("{oom_score_adj: -2000}"), /from -1000/);
  assert.match(problems("{core: all}"), /unlimited/);
  assert.match(problems("{nofile: 5}"), /write files/);
  assert.match(problems("{delegate: [cpu, memory]}"), /true or false/);
  assert.match(problems("128M"), /write limits: \{memory: 128M\}/);
});
