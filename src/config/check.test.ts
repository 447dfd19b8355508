import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { needs, service, stop, system } from "../../sim/plans.ts";
import { planOf } from "../../tests/config/memory-files.ts";
import { assertProperty } from "../../tests/properties.ts";
import { Role } from "../contract.ts";
import type { ServicePlan } from "../engine/plan.ts";
import { longestStopMs, stopMs } from "../engine/shutdown.ts";
import { figureLines, figuresOf } from "./check.ts";
import { kubernetesText } from "./check-kubernetes.ts";
import { longestStop } from "./check-stop.ts";

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
  // A terminal is one output; pipes between services are init's.
  assert.equal(figures("services: [{name: a, command: x, tty: true}]").logMemoryBytes, 16_384);
  const descriptors = (text: string) => figures(`services: [{name: w, command: x, ${text}}]`).descriptors;
  assert.equal(descriptors("logs: none, tty: true") - descriptors("logs: none"), 3);
  const reader = "logs: none}, {name: r, command: x, logs: none";
  assert.equal(descriptors(`${reader}, stdin: {from: w}`) - descriptors(reader), 2);
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

test("figuresOf() adds the time that health may take where somebody waits for it", () => {
  const text = `services:
  - {name: a, command: x, timeout: {start: 10s}, health: {tcp: "127.0.0.1:1", interval: 4s, failures: 2, start_period: 3s}}
  - {name: b, command: x, timeout: {start: 20s}, depends_on: [{name: a, wait: healthy}]}`;
  assert.deepEqual(figures(text).start, { boundMs: 10_000 + 11_000 + 20_000, path: ["a", "b"] });
});

const chain = `services:
  - {name: a, command: x, stop: {timeout: 10s}}
  - {name: b, command: x, stop: {timeout: 20s}, depends_on: [a]}
  - {name: c, command: x, stop: {timeout: 1s}, depends_on: [a], post_stop: [z]}
  - {name: d, command: x, stop: {timeout: 5s}, after: [c]}`;

test("figuresOf() names the slowest chain of stops, in the order in which they stop", () => {
  const { stop } = figures(chain);
  assert.deepEqual(stop, { boundMs: 23_000 + 13_000, path: ["b", "a"] });
  assert.match(figureLines(figures(chain)).at(-1) ?? "", /^longest shutdown +44s \(b, a\)$/);
});

test("longestStop() has the bound that the engine computes, for any graph", () => {
  assertProperty(
    fc.property(
      fc.array(fc.record({ timeoutMs: fc.nat(9999), needs: fc.array(fc.nat(20), { maxLength: 3 }) })),
      (list) => {
        const services = list.map(({ timeoutMs, needs: before }, at) =>
          service(`s${at}`, {
            stop: stop({ timeoutMs }),
            dependsOn: [...new Set(before.filter((other) => other < at))].map((other) => needs(`s${other}`)),
          }),
        );
        const found = longestStop(services);
        assert.equal(found.boundMs, longestStopMs(services));
        const sum = found.path.map((name) => services.find((one) => one.name === name) as ServicePlan).map(stopMs);
        assert.equal(
          sum.reduce((all, one) => all + one, 0),
          found.boundMs,
        );
      },
    ),
    { runs: 200 },
  );
});

test("kubernetesText() is a part of a pod with the figures in it", () => {
  const text = kubernetesText(figures(chain, Role.container));
  const pod = parse(text);
  assert.equal(pod.terminationGracePeriodSeconds, 45);
  const [container] = pod.containers;
  assert.deepEqual(container.startupProbe.exec, { command: ["gonit", "health", "--ready"] });
  assert.equal(container.startupProbe.failureThreshold * container.startupProbe.periodSeconds, 270);
  assert.deepEqual(container.livenessProbe.exec, { command: ["gonit", "health"] });
  const unbounded = kubernetesText(
    figures("services: [{name: t, type: task, command: x}, {name: b, command: x, depends_on: [t]}]"),
  );
  assert.equal(parse(unbounded).containers[0].startupProbe, undefined);
  assert.match(unbounded, /# no startupProbe: others wait until t is done/);
});

test("figureLines() says when a limit of this machine is too low", () => {
  const plan = planOf("services: [{name: a, command: x}]");
  const lines = figureLines(figuresOf(plan, { processes: 2, descriptors: 20_000 }));
  assert.match(lines[0] ?? "", /^processes +4, but the limit here is 2$/);
  assert.match(lines[1] ?? "", /^descriptors +\d+ of 20000$/);
  assert.match(lines[4] ?? "", /^longest start +1m30s$/);
});

test("figuresOf() counts what sockets, a watch and a pid file hold open", () => {
  const socket = {
    name: "a",
    kind: "tcp",
    address: "::",
    port: 80,
    mode: 0,
    user: "",
    backlog: 1,
    lazy: false,
  } as const;
  const count = (options: Parameters<typeof service>[1]) =>
    figuresOf(system([service("a", options)]), unlimited).descriptors;
  assert.equal(count({ sockets: [socket, socket], watch: ["/a", "/b"], pidFile: "/run/a.pid" }) - count({}), 6);
});
