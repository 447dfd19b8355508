/** Commands beside the main process, in an order that the simulator does not know. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { command, restart, service, stop } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { SignalScope, Stage } from "../contract.ts";
import type { Effect } from "./effect.ts";

const orders = (effects: Effect[]): unknown[] =>
  effects.flatMap((effect): unknown[] => {
    if (effect.kind === "signal") return [["signal", effect.ticket, effect.signal, effect.scope]];
    return effect.kind === "cancel-spawn" ? [["cancel-spawn", effect.ticket]] : [];
  });

const messagesIn = (effects: Effect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === "log" ? [effect.message] : []));

/** `web` while its command of pre_start is being started. */
function preparing(options: { policy?: "no" } = {}): { hand: ByHand; ticket: number } {
  const hand = new ByHand(
    service("web", {
      preStart: [command("/bin/prepare")],
      restart: restart({ policy: options.policy ?? "on-failure" }),
    }),
  );
  return { hand, ticket: hand.run("web").aux[0]?.ticket ?? 0 };
}

test("a stop takes the spawn of pre_start back, and ends it when it runs all the same", () => {
  const { hand, ticket } = preparing();
  assert.deepEqual(orders(hand.request({ verb: "stop", names: ["web"], force: false })), [["cancel-spawn", ticket]]);
  assert.deepEqual(orders(hand.auxStarts("web")), [["signal", ticket, 15, SignalScope.group]]);
  assert.deepEqual(orders(hand.auxEnds("web", null, { signal: 15 })), []);
});

test("a reload command that comes to run after its service has ended is ended", () => {
  const hand = new ByHand(service("web", { reload: { kind: "command", command: command("/bin/reload") } }));
  hand.mainStarts("web");
  hand.request({ verb: "reload", names: ["web"] });
  const ticket = hand.run("web").aux[0]?.ticket;
  assert.deepEqual(orders(hand.mainEnds("web", 1)), [["cancel-spawn", ticket]]);
  assert.equal(hand.run("web").phase, "emptying");
  assert.deepEqual(orders(hand.auxStarts("web")), [["signal", ticket, 15, SignalScope.group]]);
});

test("a stop command that comes to run while the service is being stopped is not ended", () => {
  const hand = new ByHand(service("web", { stop: stop({ command: command("/bin/stop") }) }));
  hand.mainStarts("web");
  hand.request({ verb: "stop", names: ["web"], force: false });
  assert.deepEqual(orders(hand.auxStarts("web")), []);
});

test("a failed stop command has the signal sent in its place, as long as the main process runs and is not killed", () => {
  const stopping = (): ByHand => {
    const hand = new ByHand(service("web", { stop: stop({ command: command("/bin/stop") }) }));
    hand.mainStarts("web");
    hand.request({ verb: "stop", names: ["web"], force: false });
    hand.auxStarts("web");
    return hand;
  };
  const failed = "Stop command failed, the signal is sent";
  assert.deepEqual(messagesIn(stopping().auxEnds("web", 1)), [failed]);
  const gone = stopping();
  gone.mainEnds("web", 0);
  assert.deepEqual(messagesIn(gone.auxEnds("web", 1)), []);
  const killed = stopping();
  killed.timerFires("web");
  assert.deepEqual(messagesIn(killed.auxEnds("web", null, { signal: 9 })), []);
});

test("a command of pre_start that cannot be started says so: by the runtime's words, or by its numbers", () => {
  const reason = (detail: string): string => {
    const { hand, ticket } = preparing({ policy: "no" });
    hand.event({ kind: "spawn-failed", ticket, stage: Stage.exec, errno: 2, detail });
    hand.treeEmptied("web");
    return hand.unit("web").failedBecause;
  };
  assert.equal(reason("there is no /bin/prepare"), "pre_start /bin/prepare: there is no /bin/prepare");
  assert.equal(reason(""), `pre_start /bin/prepare: cannot be started (stage ${Stage.exec}, errno 2)`);
});

test("a command of pre_start that finds no room is no failure of the service", () => {
  const { hand, ticket } = preparing({ policy: "no" });
  hand.event({ kind: "spawn-failed", ticket, stage: Stage.clone, errno: 11, detail: "" });
  hand.treeEmptied("web");
  assert.equal(hand.unit("web").state, "backing-off");
  assert.equal(hand.unit("web").refused, 1);
});

test("a failed command of pre_start that an apply took out of the plan meanwhile is not named", () => {
  const { hand } = preparing({ policy: "no" });
  hand.auxStarts("web");
  hand.load(service("web", { restart: restart({ policy: "no" }) }));
  hand.auxEnds("web", 3);
  hand.treeEmptied("web");
  assert.equal(hand.unit("web").failedBecause, "pre_start: exited 3");
});
