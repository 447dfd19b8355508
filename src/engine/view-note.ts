/** What a request will do to services that it does not name: told to the client before it happens. */

import { engineOf, type Node } from "./engine.ts";
import type { Request } from "./event.ts";
import { matchNames } from "./names.ts";
import { isBinding } from "./ordering.ts";
import type { State } from "./state.ts";
import { isLive } from "./unit.ts";

const namesMax = 10;

/** One line, or an empty text when nothing else is touched. */
export function requestNote(state: State, request: Request): string {
  if (request.verb !== "stop" && request.verb !== "restart") return "";
  const named = new Set<Node>(matchNames(engineOf(state).nodes, request.names).found);
  const others = new Set<Node>();
  const pending = [...named].filter((node) => isLive(node.unit));
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const edge of node.neededBy) {
      if (!isBinding(edge) || !isLive(edge.from.unit) || named.has(edge.from) || others.has(edge.from)) continue;
      others.add(edge.from);
      pending.push(edge.from);
    }
  }
  if (others.size === 0) return "";
  const names = [...others].slice(0, namesMax).map((node) => node.unit.name);
  const more = others.size > namesMax ? ` and ${others.size - namesMax} more` : "";
  const verb = others.size === 1 ? "needs it and is stopped first" : "need it and are stopped first";
  const after = request.verb === "restart" ? "started again after" : "waiting until it is back";
  return `${names.join(", ")}${more} ${verb}, ${after}`;
}
