import assert from "node:assert/strict";
import { test } from "node:test";
import { service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect } from "./effect.ts";
import { initialState } from "./state.ts";
import { step } from "./step.ts";

type ReplyEffect = Extract<Effect, { kind: "reply" }>;

const repliesIn = (effects: Effect[]): ReplyEffect[] =>
  effects.filter((effect): effect is ReplyEffect => effect.kind === "reply");

test("loadPlan() tells those who wait for an older plan which request replaced it", () => {
  const [web, db] = [service("web"), service("db", { ready: { kind: "notify" } })];
  const hand = new ByHand(web);
  hand.apply(web, db);
  const waiting = hand.state.requests[0]?.id ?? 0;
  const [reply] = repliesIn(hand.apply(web, db));
  const result = { instance: "db", did: "", state: "starting", pid: null, reason: "" };
  assert.deepEqual(reply, {
    kind: "reply",
    request: waiting,
    reply: { outcome: "replaced", by: waiting + 1, results: [result] },
  });
});

test("loadPlan() gives no reason for what came about by the removal, and one for what cannot any more", () => {
  const web = service("web");
  const hand = new ByHand(web, service("db", { enabled: false }), service("cache", { dependsOn: [] }));
  hand.mainStarts("web");
  hand.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual(repliesIn(hand.load(service("cache"))), []);
  hand.mainEnds("web", 0);
  const [reply] = repliesIn(hand.treeEmptied("web"));
  const result = { instance: "web", did: "removed", state: "removed", pid: null, reason: "" };
  assert.deepEqual(reply?.reply, { outcome: "done", results: [result] });
  hand.mainFails("cache");
  hand.request({ verb: "wait", names: ["cache"], until: "ready" });
  const [failed] = repliesIn(hand.load(web));
  const reason = "is no longer in the configuration";
  assert.deepEqual(failed?.reply, {
    outcome: "failed",
    results: [{ instance: "cache", did: "removed", state: "removed", pid: null, reason }],
    reason: `cache ${reason}`,
  });
});

test("loadPlan() says which system starts by the names that it was given, and by no empty ones", () => {
  const said = (title: string, version: string): unknown => {
    const load = { kind: "plan-loaded", plan: system([], { title, version }), request: null, only: null } as const;
    const { effects } = step(initialState(), {
      now: { monotonicMs: 1, bootMs: 1, wallMs: 1 },
      random: 1,
      events: [load],
    });
    return effects.flatMap((effect) =>
      effect.kind === "log" && effect.message === "Starting services" ? [effect.fields] : [],
    );
  };
  assert.deepEqual(said("Shop", "1.4"), [{ title: "Shop", version: "1.4" }]);
  assert.deepEqual(said("", ""), [{}]);
});
