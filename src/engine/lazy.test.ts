import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { ShutdownMode } from "../contract.ts";
import { readCauses } from "./causes.ts";
import type { Effect } from "./effect.ts";
import type { ServicePlan, SocketPlan } from "./plan.ts";

const socket: SocketPlan = {
  name: "8080",
  kind: "tcp",
  address: "::",
  port: 8080,
  mode: 0,
  user: "",
  backlog: 10,
  lazy: true,
};
const lazy = (options: Partial<ServicePlan> = {}): ServicePlan =>
  service("web", { sockets: [socket], restart: restart({ policy: "on-failure", delayMs: 0 }), ...options });

function connects(hand: ByHand, name = "web"): Effect[] {
  return hand.event({ kind: "socket-connected", instance: { service: name, replica: 1 }, socket: "8080" });
}

function ends(hand: ByHand, name: string, code: number): void {
  hand.mainEnds(name, code);
  hand.treeEmptied(name);
}

test("the first connection starts a lazy service, and the causes say so; earlier failures stay counted", () => {
  const hand = new ByHand(lazy());
  connects(hand);
  hand.mainStarts("web");
  ends(hand, "web", 1);
  hand.mainStarts("web");
  ends(hand, "web", 0);
  assert.deepEqual([hand.unit("web").wanted, hand.unit("web").listens], ["down", true]);
  const { restarts } = hand.unit("web");
  connects(hand);
  assert.deepEqual([restarts, hand.unit("web").restarts], [1, 1]);
  const reason = "a connection came to its socket 8080";
  assert.equal(hand.unit("web").wantedBecause, reason);
  const wanted = readCauses(hand.unit("web").causes).find(({ rule }) => rule === "wanted-by-connection");
  assert.equal(wanted?.effect, reason);
});

test("a connection to what does not listen any more, or is gone, starts nothing", () => {
  const hand = new ByHand(lazy());
  hand.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual([connects(hand), connects(hand, "gone")], [[], []]);
  assert.equal(hand.unit("web").state, "stopped");
});

test("a lazy service that ends by itself in a shutdown does not listen again", () => {
  const hand = new ByHand(lazy(), service("user", { dependsOn: [needs("web", { restart: false })] }));
  hand.mainStarts("web");
  hand.mainStarts("user");
  hand.request({ verb: "shutdown", mode: ShutdownMode.poweroff, exitCode: null, force: false, reason: "test" });
  ends(hand, "web", 0);
  assert.deepEqual([hand.unit("web").listens, hand.unit("user").state], [false, "stopping"]);
});

test("what runs still, though nobody wants it, does not listen when an apply enables it", () => {
  const hand = new ByHand(lazy({ enabled: false }));
  hand.request({ verb: "start", names: ["web"] });
  hand.mainStarts("web");
  hand.request({ verb: "stop", names: ["web"], force: false });
  hand.apply(lazy());
  assert.equal(hand.unit("web").listens && hand.unit("web").run !== null, false);
});

test("what listens and is lazy no more by a new plan starts because of it", () => {
  const hand = new ByHand(lazy());
  hand.apply(lazy({ sockets: [{ ...socket, lazy: false }] }));
  assert.equal(hand.unit("web").state, "starting");
  assert.ok(readCauses(hand.unit("web").causes).some(({ rule }) => rule === "apply-new"));
});

test("run-task hears of the run's own end when a connection to a rival ends it", () => {
  const hand = new ByHand(
    lazy({ conflicts: ["job"] }),
    service("job", { type: "task", enabled: false, conflicts: ["web"] }),
  );
  hand.request({ verb: "run-task", names: ["job"] });
  hand.mainStarts("job");
  const isReply = ({ kind }: Effect): boolean => kind === "reply";
  assert.equal(connects(hand).some(isReply), false);
  hand.mainEnds("job", null, { signal: 15 });
  assert.equal(hand.treeEmptied("job").some(isReply), true);
});
