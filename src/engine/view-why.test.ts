import assert from "node:assert/strict";
import { test } from "node:test";
import { command, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
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
