/** What comes to run, or fails, after its run began to end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { command, restart, service, stop } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ProcessKind, SignalScope } from "../contract.ts";
import { readCauses } from "./causes.ts";
import type { Effect } from "./effect.ts";

const orders = (effects: Effect[]): unknown[] =>
  effects.flatMap((effect): unknown[] => {
    if (effect.kind === "signal") return [[effect.kind, effect.ticket, effect.signal, effect.scope]];
    if (effect.kind === "kill-tree") return [[effect.kind, effect.startTicket, effect.scope]];
    return effect.kind === "cancel-spawn" || effect.kind === "forget-tree" ? [[effect.kind, effect.ticket]] : [];
  });

const newestCause = (hand: ByHand, name: string): unknown[] => {
  const [{ rule, effect } = {}] = readCauses(hand.unit(name).causes);
  return [rule, effect];
};

test("mainStarted() of a run that is being stopped gives it the stop signal", () => {
  const hand = new ByHand(service("web"));
  const { start } = hand.run("web");
  assert.deepEqual(orders(hand.request({ verb: "stop", names: ["web"], force: false })), [["cancel-spawn", start]]);
  assert.deepEqual(orders(hand.mainStarts("web")), [["signal", start, 15, SignalScope.process]]);
  assert.deepEqual(newestCause(hand, "web"), ["stop-signal", "SIGTERM"]);
});

test("mainStarted() of a run that was killed has the tree killed anew", () => {
  const hand = new ByHand(service("web"));
  const { start } = hand.run("web");
  const forced = orders(hand.request({ verb: "stop", names: ["web"], force: true }));
  assert.deepEqual(forced, [
    ["cancel-spawn", start],
    ["kill-tree", start, SignalScope.tree],
  ]);
  hand.treeEmptied("web");
  assert.deepEqual(orders(hand.mainStarts("web")), [["kill-tree", start, SignalScope.tree]]);
  assert.deepEqual(newestCause(hand, "web"), ["kill", "it was started too late to be taken back"]);
});

test("mainStarted() of a run that was killed as a group has the group killed anew: what left it is left alone", () => {
  const hand = new ByHand(service("web", { stop: stop({ kill: "group" }) }));
  const { start } = hand.run("web");
  hand.request({ verb: "stop", names: ["web"], force: true });
  hand.treeEmptied("web");
  assert.deepEqual(orders(hand.mainStarts("web")), [["kill-tree", start, SignalScope.group]]);
});

test("mainStarted() of a run that is being killed gives it SIGKILL as well: whoever kills may have looked already", () => {
  const hand = new ByHand(service("web"));
  const { start } = hand.run("web");
  hand.request({ verb: "stop", names: ["web"], force: true });
  assert.deepEqual(orders(hand.mainStarts("web")), [["signal", start, 9, SignalScope.process]]);
  assert.deepEqual(newestCause(hand, "web"), ["kill", "SIGKILL"]);
});

test("auxStarted() of a run that was killed as a group has it killed beside the group", () => {
  const hand = new ByHand(service("web", { preStart: [command("/bin/prepare")], stop: stop({ kill: "group" }) }));
  const { start, aux } = hand.run("web");
  const ticket = aux[0]?.ticket;
  hand.request({ verb: "stop", names: ["web"], force: true });
  hand.treeEmptied("web");
  assert.deepEqual(orders(hand.auxStarts("web")), [
    ["kill-tree", start, SignalScope.group],
    ["signal", ticket, 9, SignalScope.group],
  ]);
});

test("killRun() takes back commands that are being started", () => {
  const hand = new ByHand(service("web", { preStart: [command("/bin/prepare")] }));
  const { start, aux } = hand.run("web");
  assert.deepEqual(orders(hand.request({ verb: "stop", names: ["web"], force: true })), [
    ["cancel-spawn", aux[0]?.ticket],
    ["kill-tree", start, SignalScope.tree],
  ]);
  assert.equal(aux[0]?.kind, ProcessKind.preStart);
});

test("treeUnkillable() after a failed start leaves behind what pre_start put outside the group", () => {
  const web = service("web", {
    preStart: [command("/bin/prepare")],
    restart: restart({ policy: "no" }),
    stop: stop({ kill: "group" }),
    postStop: [command("/bin/tidy")],
  });
  const hand = new ByHand(web);
  hand.auxStarts("web");
  hand.auxEnds("web", 0);
  hand.mainFails("web");
  hand.event({ kind: "tree-remains", ticket: hand.run("web").tree, pids: [7], how: "mark" });
  const { tree, timer } = hand.run("web");
  const killed = orders(hand.event({ kind: "timer-fired", ticket: timer }));
  assert.deepEqual(killed, [
    ["forget-tree", tree],
    ["kill-tree", hand.run("web").start, SignalScope.group],
  ]);
  const kill = hand.run("web").tree;
  const left = hand.event({ kind: "tree-unkillable", ticket: kill, pids: [7] });
  assert.deepEqual(orders(left), [["forget-tree", kill]]);
  assert.equal(hand.run("web").treeUse, "");
  assert.equal(hand.run("web").phase, "post-stop");
});
