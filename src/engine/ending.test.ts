/** Ends in an order that the simulator does not know, and how much is kept of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { command, needs, restart, service, stop } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import type { Effect } from "./effect.ts";
import type { ServicePlan } from "./plan.ts";

const kindsOf = (effects: Effect[]): string[] => effects.map(({ kind }) => kind);

const messagesIn = (effects: Effect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));

const lines = Array.from({ length: 12 }, (_, at) => `${at}`.padEnd(500, "."));
const keptLines = lines.slice(2).map((line) => line.slice(0, 400));

/** Its program runs. */
function running(options: Partial<ServicePlan>, ...others: ServicePlan[]): ByHand {
  const hand = new ByHand(service("web", options), ...others);
  hand.mainStarts("web");
  return hand;
}

/** Ready by the end of its program: it has forked, or not. */
function forked(options: Partial<ServicePlan> = {}, ...others: ServicePlan[]): ByHand {
  const hand = running({ ready: { kind: "exit" }, ...options }, ...others);
  hand.mainEnds("web", 0);
  return hand;
}

test("mainExited() keeps the last ten lines, up to 400 characters of each", () => {
  const hand = running({ restart: restart({ policy: "no" }) });
  hand.mainEnds("web", 1, { lastLines: lines });
  hand.treeEmptied("web");
  assert.deepEqual(hand.unit("web").last?.lines, keptLines);
});

test("auxExited() of pre_start keeps the last ten lines, up to 400 characters of each", () => {
  const hand = new ByHand(service("web", { preStart: [command("/bin/prepare")], restart: restart({ policy: "no" }) }));
  hand.auxStarts("web");
  hand.auxEnds("web", 1, { lastLines: lines });
  hand.treeEmptied("web");
  assert.deepEqual(hand.unit("web").last?.lines, keptLines);
});

test("mainExited() takes a program that ends in another state than starting for ended, whatever its readiness", () => {
  const hand = new ByHand(service("web", { ready: { kind: "exit" } }));
  const ticket = hand.run("web").start;
  hand.event({ kind: "processes-adopted", processes: [{ service: "web", ticket, pid: 77, slot: 1 }] });
  assert.deepEqual(messagesIn(hand.mainEnds("web", 0)), ["Service ended"]);
});

test("mainExited() of a task that is ready by its end awaits no daemon", () => {
  const hand = forked({ type: "task" });
  assert.equal(hand.unit("web").state, "stopping");
  hand.treeEmptied("web");
  assert.equal(hand.unit("web").state, "done");
});

test("mainExited() takes a code of success.codes for the readiness of a daemon, a failure and a signal not", () => {
  const policy = restart({ success: [1, 5] });
  const end = (code: number | null, signal: number | null): string => {
    const hand = running({ ready: { kind: "exit" }, restart: policy });
    hand.mainEnds("web", code, { signal });
    return hand.unit("web").state;
  };
  assert.deepEqual([end(5, null), end(0, null), end(null, 9)], ["ready", "stopping", "stopping"]);
});

test("treeEmptied() before the news of a command's end looks no second time", () => {
  const hand = running({ stop: stop({ command: command("/bin/stop") }) });
  hand.request({ verb: "stop", names: ["web"], force: false });
  hand.auxStarts("web");
  hand.timerFires("web");
  hand.mainEnds("web", null, { signal: 9 });
  hand.treeEmptied("web");
  assert.deepEqual(kindsOf(hand.auxEnds("web", null, { signal: 9 })).includes("await-tree"), false);
  assert.equal(hand.unit("web").state, "stopped");
});

test("treeEmptied() before the news of a command's beginning looks again", () => {
  const hand = running({ stop: stop({ command: command("/bin/stop") }) });
  hand.request({ verb: "stop", names: ["web"], force: false });
  hand.timerFires("web");
  hand.mainEnds("web", null, { signal: 9 });
  hand.treeEmptied("web");
  const failed = hand.event({
    kind: "spawn-failed",
    ticket: hand.run("web").aux[0]?.ticket ?? 0,
    stage: 2,
    errno: 0,
    detail: "",
  });
  assert.equal(kindsOf(failed).includes("await-tree"), true);
});

test("treeEmptied() before any news of the main process but its end looks again", () => {
  const hand = new ByHand(service("web"));
  hand.request({ verb: "stop", names: ["web"], force: true });
  hand.treeEmptied("web");
  assert.equal(kindsOf(hand.mainEnds("web", null, { signal: 9 })).includes("await-tree"), true);
});

test("treeEmptied() forgets what was left: post_stop is killed anew when it hangs", () => {
  const hand = running({ postStop: [command("/bin/tidy")] });
  hand.mainEnds("web", 1);
  hand.treeRemains("web", 7);
  hand.timerFires("web");
  hand.treeEmptied("web");
  const { left, treeUse, phase } = hand.run("web");
  assert.deepEqual([left, treeUse, phase], [[], "", "post-stop"]);
  hand.auxStarts("web");
  assert.equal(kindsOf(hand.timerFires("web")).includes("kill-tree"), true);
});

test("treeEmptied() of a daemon takes what needs it away, of a program that was meant to end not", () => {
  const needing = service("needing", { dependsOn: [needs("web")] });
  const meant = forked({}, needing);
  meant.mainStarts("needing");
  meant.treeEmptied("web");
  assert.equal(meant.unit("web").state, "done");
  assert.equal(meant.unit("needing").state, "ready");
  const daemon = forked({}, needing);
  daemon.treeRemains("web", 7);
  daemon.mainStarts("needing");
  daemon.treeEmptied("web");
  assert.equal(daemon.unit("needing").state, "stopping");
});

test("treeEmptied() of a daemon that restarts too fast to be told of tells nothing", () => {
  const hand = new ByHand(
    service("web", { ready: { kind: "exit" }, restart: restart({ policy: "always", delayMs: 0 }) }),
  );
  const dies = (): string[] => {
    hand.mainStarts("web");
    hand.mainEnds("web", 0);
    return messagesIn(hand.treeEmptied("web")).filter((message) => message === "Service ended");
  };
  for (let count = 0; count < 5; count++) assert.deepEqual(dies(), ["Service ended"]);
  assert.deepEqual(dies(), []);
});

test("treeUnkillable() tells twenty process numbers, and that there is something without one", () => {
  const killed = (...pids: number[]): readonly number[] => {
    const hand = running({});
    hand.request({ verb: "stop", names: ["web"], force: true });
    hand.treeUnkillable("web", ...pids);
    return hand.run("web").unkillable;
  };
  assert.deepEqual(killed(), [0]);
  assert.deepEqual(killed(7, 8), [7, 8]);
  assert.equal(killed(...lines.map((_, at) => at + 1), ...lines.map((_, at) => at + 20)).length, 20);
});

test("treeUnkillable() names the processes in its line and in the reply", () => {
  const hand = running({});
  hand.request({ verb: "stop", names: ["web"], force: true });
  const effects = hand.treeUnkillable("web", 7, 8);
  const [log] = effects.filter(({ kind }) => kind === "log");
  assert.equal(log?.kind === "log" && log.fields.reason, "pid 7 8 outlives SIGKILL (uninterruptible sleep)");
  const [reply] = effects.filter(({ kind }) => kind === "reply");
  assert.equal(
    reply?.kind === "reply" && reply.reply.outcome === "failed" && reply.reply.reason,
    "web outlives SIGKILL: pid 7 8",
  );
});

test("treeUnkillable() leaves nothing behind of a group whose own processes live still", () => {
  const group = { stop: stop({ kill: "group", command: command("/bin/stop") }) } as const;
  const main = running(group);
  main.request({ verb: "stop", names: ["web"], force: true });
  main.treeUnkillable("web", 100);
  assert.deepEqual(main.run("web").unkillable, [100]);
  const aux = running(group);
  aux.request({ verb: "stop", names: ["web"], force: false });
  aux.auxStarts("web");
  aux.timerFires("web");
  aux.mainEnds("web", null, { signal: 9 });
  aux.treeUnkillable("web", 101);
  assert.deepEqual(aux.run("web").unkillable, [101]);
});

test("treeUnkillable() tells what is left outside of a group, and forgets it", () => {
  const hand = running({ stop: stop({ kill: "group" }), postStop: [command("/bin/tidy")] });
  hand.mainEnds("web", 1);
  hand.treeRemains("web", 7, 8);
  hand.timerFires("web");
  const [log] = hand.treeUnkillable("web", 7, 8).filter(({ kind }) => kind === "log");
  assert.equal(log?.kind === "log" && log.fields.pids, "7 8");
  assert.deepEqual(hand.run("web").left, []);
});

test("mainExited() tells what stands behind an end, but not in place of what gonit ended it for", () => {
  const hand = running({ restart: restart({ policy: "no" }) });
  const effects = hand.mainEnds("web", null, { signal: 9, because: "out of memory" });
  const told = effects.find((effect) => effect.kind === "log" && effect.message === "Service ended");
  assert.deepEqual(told?.kind === "log" && told.fields, { service: "web", signal: "SIGKILL", reason: "out of memory" });
  hand.treeEmptied("web");
  assert.equal(hand.unit("web").failedBecause, "ended by SIGKILL: out of memory");
  const late = running({ runTimeoutMs: 1000, restart: restart({ policy: "no" }) });
  late.event({ kind: "timer-fired", ticket: late.run("web").runTimer });
  late.mainEnds("web", null, { signal: 15, because: "out of memory" });
  late.treeEmptied("web");
  assert.equal(late.unit("web").failedBecause, "ran longer than 1s");
});

test("auxExited() of pre_start starts nothing more when the service is to stop", () => {
  const hand = new ByHand(service("web", { preStart: [command("/bin/one"), command("/bin/two")] }));
  hand.auxStarts("web");
  hand.request({ verb: "stop", names: ["web"], force: false });
  assert.equal(kindsOf(hand.auxEnds("web", 0)).includes("spawn"), false);
  assert.equal(hand.unit("web").state, "stopping");
});
