/** `gonit graph --format svg`: boxes with names and states, what is needed on the left. */

import type { GraphEdge, GraphService, SystemGraph } from "../../engine/view-graph.ts";
import { layOut, type Place } from "./graph-layout.ts";
import { edgeText, isOrder, stateColour } from "./graph-words.ts";
import { drawing, element, textAt, widthOf } from "./svg.ts";

const boxHeight = 40;
const rowHeight = 60;
const columnGap = 110;
const margin = 20;
const shownLengthMax = 28;

export function graphSvg({ services, edges }: SystemGraph): string {
  const byName = new Map(services.map((service) => [service.name, service]));
  const order = edges.filter(isOrder);
  const { layers, routes } = layOut([...byName.keys()], order);
  const box = boxWidth(services);
  const x = (place: Place): number => margin + place.layer * (box + columnGap);
  const y = (place: Place): number => margin + place.row * rowHeight + boxHeight / 2;
  const places = new Map(layers.flat().map((place) => [place.name, place]));
  const parts = [element("defs", {}, arrow())];
  for (const [at, edge] of order.entries()) parts.push(line(edge, routes[at] as Place[], box, x, y));
  for (const edge of edges.filter((one) => !isOrder(one))) {
    const ends = [places.get(edge.from), places.get(edge.to)] as [Place, Place];
    parts.push(conflict(ends, box, x, y));
  }
  for (const place of layers.flat()) {
    const service = byName.get(place.name);
    if (service !== undefined) parts.push(boxOf(service, x(place), y(place), box));
  }
  const rows = Math.max(1, ...layers.map(({ length }) => length));
  const height = margin * 2 + rows * rowHeight + 20;
  parts.push(legend(height - margin));
  const width = Math.max(560, margin * 2 + layers.length * (box + columnGap) - columnGap);
  return drawing(width, height, parts);
}

function boxWidth(services: GraphService[]): number {
  return Math.max(90, ...services.flatMap(({ name, shown }) => [name, cut(shown)].map(widthOf))) + 16;
}

function cut(text: string): string {
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax - 1)}…` : text;
}

function boxOf({ name, type, state, shown }: GraphService, x: number, y: number, width: number): string {
  const { fill, stroke } = stateColour(state);
  const frame = { x, y: y - boxHeight / 2, width, height: boxHeight, rx: type === "group" ? 20 : 4, fill, stroke };
  return element(
    "g",
    {},
    [
      element("title", {}, textOnly(`${name}: ${shown}`)),
      element("rect", frame),
      textAt(x + width / 2, y - 3, name, { "text-anchor": "middle", "font-weight": "bold" }),
      textAt(x + width / 2, y + 13, cut(shown), { "text-anchor": "middle", "font-size": 11 }),
    ].join(""),
  );
}

function textOnly(text: string): string {
  return textAt(0, 0, text).replace(/^<text[^>]*>|<\/text>$/g, "");
}

type Coordinate = (place: Place) => number;

/** From the right side of what is needed to the left side of what needs it. */
function line(edge: GraphEdge, route: Place[], box: number, x: Coordinate, y: Coordinate): string {
  let path = "";
  for (let at = 1; at < route.length; at++) {
    const [from, to] = [route[at - 1] as Place, route[at] as Place];
    const [left, right] = [x(from) + box, x(to)];
    const middle = (left + right) / 2;
    // A place where a line only passes is crossed straight.
    path += `${path === "" ? "M" : "L"}${left} ${y(from)} C${middle} ${y(from)} ${middle} ${y(to)} ${right} ${y(to)} `;
  }
  const dash = edge.kind === "after" ? "2 4" : edge.required ? "none" : "7 4";
  const attributes = {
    d: path.trim(),
    fill: "none",
    stroke: "#555555",
    "stroke-dasharray": dash,
    "marker-end": "url(#arrow)",
  };
  const first = route[0] as Place;
  const second = route[1] as Place;
  const label = textAt((x(first) + box + x(second)) / 2, (y(first) + y(second)) / 2 - 4, edgeText(edge), {
    "text-anchor": "middle",
    "font-size": 10,
    fill: "#555555",
  });
  return element("path", attributes) + label;
}

function conflict([from, to]: [Place, Place], box: number, x: Coordinate, y: Coordinate): string {
  const [left, right] = [x(from) + box / 2, x(to) + box / 2];
  const bottom = boxHeight / 2;
  // Below the boxes: through them it would look like a line between neighbours.
  const d = `M${left} ${y(from) + bottom} Q${(left + right) / 2} ${Math.max(y(from), y(to)) + rowHeight} ${right} ${y(to) + bottom}`;
  return element("path", { d, fill: "none", stroke: "#c0392b", "stroke-dasharray": "1 5", "stroke-width": 2 });
}

function arrow(): string {
  const size = { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" };
  return element("marker", size, element("path", { d: "M0 0 L8 4 L0 8 Z", fill: "#555555" }));
}

function legend(y: number): string {
  const text = "solid: needs · dashed: needs, not required · dotted: order only · red: conflict";
  return textAt(margin, y, text, { "font-size": 11, fill: "#555555" });
}
