/** What else a request ends: told to whoever asks before it happens. */

import type { Engine, Node } from "./engine.ts";
import type { Request } from "./event.ts";
import { matchNames } from "./names.ts";
import { isBinding } from "./ordering.ts";
import { isLive } from "./unit.ts";

/** One line such as "restarts as well: api, web (they need db)"; an empty text when nothing else is touched. */
export function foretell(engine: Engine, request: Request): string {
  if (request.verb !== "start" && request.verb !== "stop" && request.verb !== "restart" && request.verb !== "reload")
    return "";
  const { found, unknown } = matchNames(engine.nodes, request.names);
  if (unknown.length > 0 || engine.state.shutdown !== null) return "";
  if (request.verb === "start") return line("stops", found.flatMap(conflicting), "conflicts with", found);
  const ended = request.verb === "reload" ? found.filter(({ plan }) => plan.reload.kind === "restart") : found;
  const others = dependents(ended.filter(({ unit }) => isLive(unit)));
  return line(request.verb === "stop" ? "stops first" : "restarts as well", others, "needs", found);
}

interface Touched {
  node: Node;
  because: Node;
}

/** What runs and cannot be without one of these, directly or through others. */
function dependents(nodes: readonly Node[]): Touched[] {
  const seen = new Set<Node>(nodes);
  const touched: Touched[] = [];
  // A list is gone through to its end, also when it grows meanwhile.
  const pending = [...nodes];
  for (const because of pending) {
    for (const edge of because.neededBy) {
      if (!isBinding(edge) || !isLive(edge.from.unit) || seen.has(edge.from)) continue;
      seen.add(edge.from);
      pending.push(edge.from);
      touched.push({ node: edge.from, because });
    }
  }
  return touched;
}

function conflicting(node: Node): Touched[] {
  const live = node.conflicts.filter(({ unit }) => unit.wanted === "up" && isLive(unit));
  return live.map((other) => ({ node: other, because: node }));
}

function line(what: string, touched: Touched[], relation: string, named: readonly Node[]): string {
  const others = touched.filter(({ node }) => !named.includes(node));
  if (others.length === 0) return "";
  const parts = others.map(({ node, because }) => `${node.unit.name} (${relation} ${because.unit.name})`);
  return `${what}: ${parts.join(", ")}`;
}
