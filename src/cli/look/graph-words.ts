/** Words and colours of a graph of services. */

import type { StateName } from "../../engine/view.ts";
import type { GraphEdge } from "../../engine/view-graph.ts";

/** Whether the edge says in which order two services start. */
export function isOrder({ kind }: GraphEdge): boolean {
  return kind !== "conflict";
}

/** What `from` asks of `to`, short: ready, done, order only … */
export function edgeText({ kind, wait, required, restart }: GraphEdge): string {
  if (kind === "after") return "order only";
  if (kind === "conflict") return "conflict";
  return [wait, required ? "" : "not required", restart ? "" : "no restart"].filter((text) => text !== "").join(", ");
}

export type StateGroup = "up" | "down" | "bad" | "moving";

export function stateGroup(state: StateName): StateGroup {
  if (state === "ready") return "up";
  if (state === "failed" || state === "backing-off") return "bad";
  return state === "stopped" || state === "done" ? "down" : "moving";
}

const colours: Record<StateGroup, { fill: string; stroke: string }> = {
  up: { fill: "#d5f0d8", stroke: "#2e8b3d" },
  down: { fill: "#eeeeee", stroke: "#888888" },
  bad: { fill: "#f8d4d0", stroke: "#c0392b" },
  moving: { fill: "#fdf0c4", stroke: "#b58900" },
};

export function stateColour(state: StateName): { fill: string; stroke: string } {
  return colours[stateGroup(state)];
}
