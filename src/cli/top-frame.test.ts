import assert from "node:assert/strict";
import { test } from "node:test";
import { type TopFacts, type TopService, topFrame } from "./top-frame.ts";

const usual: TopService = {
  name: "web",
  shown: "running",
  state: "ready",
  pid: 71,
  cpuPercent: 2.04,
  memoryBytes: 12_900_000,
  restarts: 0,
  logRate: 1536,
  sinceMs: 61_000,
};

const facts: TopFacts = {
  title: "Shop 1.4",
  state: "degraded",
  services: [
    { ...usual },
    {
      name: "queue-worker",
      shown: "failed: exit code 3",
      state: "failed",
      pid: null,
      cpuPercent: 0,
      memoryBytes: null,
      restarts: 12,
      logRate: 0,
      sinceMs: 4000,
    },
    { ...usual, name: "db", pid: 8, cpuPercent: 101, memoryBytes: 3.2e9, logRate: null },
  ],
};

const plain = (text: string) => text;
const view = { columns: 100, rows: 10, selected: 1, message: "stop web: asked for", paint: plain };

test("topFrame() shows heading, table, the selected service, keys and message", () => {
  assert.deepEqual(topFrame(facts, view), [
    "Shop 1.4: degraded; 2 of 3 run, cpu 103.0%, memory 3.0G",
    "  SERVICE       STATE                PID   CPU%  MEMORY  RESTARTS  LOG/S  SINCE",
    "  web           running               71    2.0     12M         0   1.5K  1m01s",
    "> queue-worker  failed: exit code 3    -    0.0       -        12    0 B     4s",
    "  db            running                8  101.0    3.0G         0      -  1m01s",
    "",
    "",
    "",
    "arrows: choose   s: start   t: stop   r: restart   l: logs   q: quit",
    "stop web: asked for",
  ]);
});

test("topFrame() on a narrow terminal shortens states, then names, then leaves out columns; no line is too long", () => {
  const frame = topFrame(facts, { ...view, columns: 60 });
  assert.equal(frame[3], "> queue-w…  fail…    -    0.0       -        12    0 B");
  for (const columns of [20, 33, 47, 60, 79]) {
    for (const line of topFrame(facts, { ...view, columns })) assert.ok(line.length <= columns, `${columns}: ${line}`);
  }
  assert.equal(topFrame(facts, { ...view, columns: 40 })[1], "  SERVICE   STATE  PID   CPU%  MEMORY");
});

test("topFrame() on a low terminal shows the selected one among those around it", () => {
  const services = Array.from({ length: 40 }, (_, at) => ({ ...usual, name: `s${at}` }));
  const shown = (selected: number) =>
    topFrame({ ...facts, services }, { ...view, rows: 9, selected })
      .map((line) => /^[> ] (s\d+)/.exec(line)?.[1])
      .filter((name) => name !== undefined);
  assert.deepEqual(shown(0), ["s0", "s1", "s2", "s3", "s4"]);
  assert.deepEqual(shown(20), ["s18", "s19", "s20", "s21", "s22"]);
  assert.deepEqual(shown(39), ["s35", "s36", "s37", "s38", "s39"]);
});

test("topFrame() without keys has neither marker nor foot; colours tell failed from stopped", () => {
  const painted = topFrame(facts, {
    ...view,
    columns: Number.POSITIVE_INFINITY,
    rows: Number.POSITIVE_INFINITY,
    selected: -1,
    message: "",
    paint: (text, colour) => `<${colour}>${text}`,
  });
  assert.equal(painted.length, 5);
  assert.match(painted[2] as string, /^web {11}running/);
  assert.match(painted[3] as string, /^<red>queue-worker/);
  assert.deepEqual(topFrame({ ...facts, services: [] }, { ...view, selected: -1, message: "" }).length, 2);
});
