/** `watch`: a service whose files have changed is started anew, also one that has failed or ended meanwhile. */

import { type Engine, log, note } from "./engine.ts";
import type { Event } from "./event.ts";
import { wishStop } from "./stopping.ts";
import { wantUp } from "./wanted.ts";

export function watchedChanged(engine: Engine, event: Extract<Event, { kind: "watched-changed" }>): void {
  const node = engine.byName.get(event.instance.service);
  if (node === undefined || node.unit.wanted === "down" || engine.state.shutdown !== null) return;
  note(engine, node, "watched-changed", event.path);
  log(engine, "info", "Watched file changed", { path: event.path, service: node.unit.name });
  const because = `a watched file changed: ${event.path}`;
  wantUp(engine, [node], { because, rule: "watched-changed", byHand: true, request: 0 });
  wishStop(engine, node, "restart");
}
