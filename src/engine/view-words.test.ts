import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service, system } from "../../sim/plans.ts";
import { Role, Stage } from "../contract.ts";
import { engineOf, type Node } from "./engine.ts";
import type { Event } from "./event.ts";
import { initialState, type State } from "./state.ts";
import { step } from "./step.ts";
import { blockedText } from "./view-words.ts";

function tell(state: State, ...events: Event[]): void {
  step(state, { now: { monotonicMs: 5, bootMs: 5, wallMs: 5 }, random: 1, events });
}

function textOf(state: State, name: string): string {
  const engine = engineOf(state);
  return blockedText(engine, engine.byName.get(name) as Node);
}

/** s0 has failed, and each of the others needs the one before. */
function blockedChain(length: number): State {
  const chain = Array.from({ length: length + 1 }, (_, at) =>
    service(`s${at}`, { dependsOn: at === 0 ? [] : [needs(`s${at - 1}`)] }),
  );
  const state = initialState();
  tell(state, { kind: "plan-loaded", plan: system(chain, { role: Role.vm }), request: null, only: null });
  const ticket = state.units[0]?.run?.start ?? 0;
  tell(state, { kind: "spawn-failed", ticket, stage: Stage.exec, errno: 2, detail: "no /bin/s0" });
  return state;
}

test("blockedText() follows the chain to what can be mended", () => {
  const state = blockedChain(16);
  assert.equal(textOf(state, "s1"), "blocked by s0 (no /bin/s0)");
  assert.equal(textOf(state, "s3"), "blocked by s2, which is blocked by s1, which is blocked by s0 (no /bin/s0)");
  assert.match(textOf(state, "s16"), /^blocked by s15, .* s1, which is blocked by s0 \(no \/bin\/s0\)$/);
});

test("blockedText() shows sixteen links of a longer chain", () => {
  const links = textOf(blockedChain(18), "s18").split(", which is ");
  assert.deepEqual([links.length, links.at(-1)], [16, "blocked by s2"]);
});

test("blockedText() tells that nobody ever asked for what is needed", () => {
  const state = initialState();
  tell(state, { kind: "processes-adopted", processes: [{ service: "web", ticket: 1, pid: 7, slot: 1 }] });
  const web = service("web", {
    enabled: false,
    dependsOn: [needs("db")],
    restart: restart({ policy: "always", delayMs: 0 }),
  });
  const plan = system([service("db", { enabled: false }), web], { role: Role.vm });
  tell(state, { kind: "plan-loaded", plan, request: null, only: null });
  const ended = { code: 0, signal: null, core: false, cpuMs: 0, maxRssKib: 0, lastLines: [] };
  tell(state, { kind: "process-exited", ticket: 1, pid: 7, ...ended });
  tell(state, { kind: "tree-emptied", ticket: state.units[1]?.run?.tree ?? 0 });
  assert.equal(textOf(state, "web"), "blocked by db (stopped: never wanted)");
});
