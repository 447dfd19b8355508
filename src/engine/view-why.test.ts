import assert from "node:assert/strict";
import { test } from "node:test";
import { command, health, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { outstanding } from "./outstanding.ts";
import { initialState } from "./state.ts";
import { explain } from "./view-why.ts";

const now = { monotonicMs: 1000, bootMs: 1000, wallMs: 1000 };

test("explain() knows only services that are there", () => {
  assert.equal(explain(initialState(), "web", now), null);
});

test("explain() shows the words of a command that is waited for", () => {
  const prepares = new ByHand(service("a", { preStart: [command("/bin/prepare all")] }));
  assert.deepEqual(explain(prepares.state, "a", now)?.waitsFor, ["pre_start: /bin/prepare all"]);
  const probe = { kind: "exec", command: command("/bin/check port 80"), intervalMs: 1, timeoutMs: 1 } as const;
  const probed = new ByHand(service("a", { ready: probe }));
  probed.mainStarts("a");
  assert.deepEqual(explain(probed.state, "a", now)?.waitsFor, ["success of /bin/check port 80"]);
});

test("explain() says that the end of a service is looked for, before it is known what it left behind", () => {
  const ended = new ByHand(service("a"));
  ended.mainStarts("a");
  ended.mainEnds("a", 0);
  assert.deepEqual(explain(ended.state, "a", now)?.waitsFor, ["the last of its processes"]);
});

test("explain() says what ends a run that is over when nothing limits it", () => {
  const ended = new ByHand(service("a"));
  ended.mainStarts("a");
  ended.mainEnds("a", 0);
  assert.deepEqual(explain(ended.state, "a", now)?.release, ["their end; what is left gets SIGTERM, then SIGKILL"]);
});

test("explain() tells the question of a readiness over HTTP, which is asked and asked again", () => {
  const question = { host: "127.0.0.1", port: 80, target: "/ok", headers: {}, status: [] };
  const probed = new ByHand(service("a", { ready: { kind: "http", ...question, intervalMs: 1, timeoutMs: 1 } }));
  const asked = probed.mainStarts("a").filter(({ kind }) => kind === "start-probe");
  assert.equal(asked.length, 1);
  assert.deepEqual(
    outstanding(probed.state).filter(({ kind }) => kind === "start-probe"),
    asked,
  );
  assert.deepEqual(explain(probed.state, "a", now)?.waitsFor, ["http://127.0.0.1:80/ok to answer well"]);
});

test("explain() tells what health is asked, with its last answer when there is one", () => {
  const asked = new ByHand(service("a", { health: health() }));
  asked.mainStarts("a");
  assert.deepEqual(explain(asked.state, "a", now)?.waitsFor, ["its health: 127.0.0.1:80 to accept"]);
  asked.event({ kind: "probe-failed", ticket: asked.run("a").health, reason: "refused" });
  const text = "its health: 127.0.0.1:80 to accept (not healthy yet: refused)";
  assert.deepEqual(explain(asked.state, "a", now)?.waitsFor, [text]);
});
