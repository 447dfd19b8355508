import assert from "node:assert/strict";
import { test } from "node:test";
import { command, service, system } from "../../sim/plans.ts";
import type { Event } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import { initialState, type State } from "./state.ts";
import { step } from "./step.ts";
import { explain } from "./view-why.ts";

const now = { monotonicMs: 5, bootMs: 5, wallMs: 5 };

function tell(state: State, ...events: Event[]): void {
  step(state, { now, random: 1, events });
}

/** Programs that run; nothing else is answered. */
function running(one: ServicePlan): State {
  const state = initialState();
  tell(state, { kind: "plan-loaded", plan: system([one]), request: null, only: null });
  tell(state, { kind: "spawn-succeeded", ticket: state.units[0]?.run?.start ?? 0, pid: 7, slot: 1 });
  return state;
}

test("explain() knows only services that are there", () => {
  assert.equal(explain(initialState(), "web", now), null);
});

test("explain() shows the words of a command that is waited for", () => {
  const prepares = running(service("a", { preStart: [command("/bin/prepare all")] }));
  assert.deepEqual(explain(prepares, "a", now)?.waitsFor, ["pre_start: /bin/prepare all"]);
  const probe = { kind: "exec", command: command("/bin/check port 80"), intervalMs: 1, timeoutMs: 1 } as const;
  const probed = running(service("a", { ready: probe }));
  assert.deepEqual(explain(probed, "a", now)?.waitsFor, ["success of /bin/check port 80"]);
});

test("explain() says that the end of a service is looked for, before it is known what it left behind", () => {
  const state = running(service("a"));
  const ticket = state.units[0]?.run?.start ?? 0;
  const ended = { code: 0, signal: null, core: false, cpuMs: 0, maxRssKib: 0, lastLines: [] };
  tell(state, { kind: "process-exited", ticket, pid: 7, ...ended });
  assert.deepEqual(explain(state, "a", now)?.waitsFor, ["the last of its processes"]);
});
