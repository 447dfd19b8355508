/** `gonit graph --format dot`: for Graphviz, see dot(1). */

import type { GraphEdge, SystemGraph } from "../../engine/view-graph.ts";
import { edgeText, stateColour } from "./graph-words.ts";

export function graphDot({ services, edges }: SystemGraph): string {
  const lines = ["digraph gonit {", "  rankdir=LR;", "  node [shape=box, style=filled];"];
  for (const { name, type, state, shown } of services) {
    const { fill, stroke } = stateColour(state);
    const shape = type === "group" ? ", shape=ellipse" : "";
    lines.push(
      `  ${quoted(name)} [label=${quoted(`${name}\n${shown}`)}, fillcolor="${fill}", color="${stroke}"${shape}];`,
    );
  }
  for (const edge of edges) lines.push(`  ${quoted(edge.to)} -> ${quoted(edge.from)} [${attributes(edge)}];`);
  return [...lines, "}", ""].join("\n");
}

function attributes(edge: GraphEdge): string {
  if (edge.kind === "conflict") return 'dir=none, constraint=false, color="#c0392b", style=dotted';
  const style = edge.kind === "after" ? "dotted" : edge.required ? "solid" : "dashed";
  return `label=${quoted(edgeText(edge))}, style=${style}`;
}

/** In double quotes a backslash begins an escape of a label. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
