/**
 * Services that start with the first connection: gonit listens on their sockets, and the connection waits in the socket until
 * the program takes it. What needs such a service starts it as well. After an end that is no failure it is as before.
 */

import { type Engine, type Node, note, setState, touch } from "./engine.ts";
import type { Event } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import { wantUp } from "./wanted.ts";

export function isLazy({ type, sockets }: ServicePlan): boolean {
  return type === "service" && sockets.some(({ lazy }) => lazy);
}

const because = "its sockets listen, and the first connection starts it";

/** It is enabled, and nothing needs it yet. */
export function beginListening(engine: Engine, node: Node): void {
  const { unit } = node;
  if (unit.wanted === "up") return;
  if (unit.run !== null) {
    // It still ends, by a wish of before: it comes back at once, so that no connection is lost.
    wantUp(engine, [node], { because: "enabled", rule: "wanted-at-start", byHand: false, request: 0 });
    return;
  }
  unit.listens = true;
  unit.wantedBecause = because;
  note(engine, node, "listens", "");
  touch(engine, node);
}

/** Its program has ended with success. False: it is not lazy. */
export function listenAgain(engine: Engine, node: Node): boolean {
  const { unit, plan } = node;
  if (!isLazy(plan) || !plan.enabled || engine.state.shutdown !== null) return false;
  unit.wanted = "down";
  unit.wantedBecause = because;
  unit.listens = true;
  setState(engine, node, "stopped", "listens", because);
  return true;
}

/** Nobody wants it any more. */
export function stopListening(engine: Engine, node: Node): void {
  if (!node.unit.listens) return;
  node.unit.listens = false;
  touch(engine, node);
}

export function socketConnected(engine: Engine, event: Extract<Event, { kind: "socket-connected" }>): void {
  const node = engine.byName.get(event.instance.service);
  if (node === undefined || !node.unit.listens) return;
  const reason = `a connection came to its socket ${event.socket}`;
  wantUp(engine, [node], { because: reason, rule: "wanted-by-connection", byHand: false, request: 0 });
}
