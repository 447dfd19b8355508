import assert from "node:assert/strict";
import { test } from "node:test";
import { command, needs, service, stop, system } from "../../sim/plans.ts";
import { killMs, longestStopMs, shutdownBoundMs, strayGraceMs } from "./shutdown.ts";

const oneSecond = stop({ timeoutMs: 1000 });

test("longestStopMs() is the slowest chain, not the sum", () => {
  const services = [
    service("db", { stop: oneSecond }),
    service("web", { stop: oneSecond, dependsOn: [needs("db")] }),
    service("alone", { stop: stop({ timeoutMs: 5000 }) }),
  ];
  assert.equal(longestStopMs(services), Math.max(2 * (1000 + killMs), 5000 + killMs));
});

test("longestStopMs() counts order-only edges, post_stop once more, groups not at all", () => {
  const services = [
    service("a", { stop: oneSecond, postStop: [command("/bin/x")] }),
    service("b", { stop: oneSecond, after: ["a"] }),
    service("g", { type: "group", dependsOn: [needs("b")] }),
  ];
  assert.equal(longestStopMs(services), 3 * (1000 + killMs));
});

test("longestStopMs() walks a chain of 20,000 without recursion, and survives a cycle", () => {
  const chain = Array.from({ length: 20_000 }, (_, at) =>
    service(`s${at}`, { stop: stop({ timeoutMs: 1 }), dependsOn: at > 0 ? [needs(`s${at - 1}`)] : [] }),
  );
  assert.equal(longestStopMs(chain), 20_000 * (1 + killMs));
  assert.equal(longestStopMs(chain.toReversed()), 20_000 * (1 + killMs));
  const cycle = [service("a", { dependsOn: [needs("b")] }), service("b", { dependsOn: [needs("a")] })];
  assert.ok(Number.isFinite(longestStopMs(cycle)));
});

test("shutdownBoundMs() takes the plan's own bound when it has one", () => {
  assert.equal(shutdownBoundMs(system([], { shutdownTimeoutMs: 7000 })), 7000 + killMs + strayGraceMs);
  assert.equal(shutdownBoundMs(system([service("a", { stop: oneSecond })])), 1000 + 2 * killMs + strayGraceMs);
});
