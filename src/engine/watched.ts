/**
 * `watch`: a service whose files have changed reads them again as its `reload` says; without one it is started anew, as is
 * one that has failed or ended meanwhile.
 */

import { definitionOf, type Engine, log, type Node, note } from "./engine.ts";
import type { Event } from "./event.ts";
import { openReload } from "./requests.ts";
import { wishStop } from "./stopping.ts";
import { wantUp } from "./wanted.ts";

export function watchedChanged(engine: Engine, event: Extract<Event, { kind: "watched-changed" }>): void {
  const node = engine.byName.get(event.instance.service);
  if (node === undefined || node.unit.wanted === "down" || engine.state.shutdown !== null) return;
  note(engine, node, "watched-changed", event.path);
  log(engine, "info", "Watched file changed", { path: event.path, service: node.unit.name });
  if (reloadsWatched(node)) {
    openReload(engine, node);
    return;
  }
  const because = `a watched file changed: ${event.path}`;
  wantUp(engine, [node], { because, rule: "watched-changed", byHand: true, request: 0 });
  wishStop(engine, node, "restart");
}

/** It runs, or is on its way up, and is not about to be stopped; before it is ready, the reload waits. */
export function reloadsWatched(node: Node): boolean {
  const { state, stopWish } = node.unit;
  const isThere = state === "starting" || state === "ready" || state === "reloading";
  return isThere && stopWish === "" && definitionOf(node).reload.kind !== "restart";
}
