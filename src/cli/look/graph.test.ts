import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { edgesOf } from "../../../tests/dot.ts";
import { assertProperty } from "../../../tests/properties.ts";
import { elementsOf } from "../../../tests/xml.ts";
import type { GraphEdge, SystemGraph } from "../../engine/view-graph.ts";
import { graphDot } from "./graph-dot.ts";
import { layOut } from "./graph-layout.ts";
import { graphSvg } from "./graph-svg.ts";
import { around, graphText } from "./graph-text.ts";

function edge(from: string, to: string, more: Partial<GraphEdge> = {}): GraphEdge {
  return { from, to, kind: "need", wait: "ready", required: true, restart: true, ...more };
}

function graphOf(edges: GraphEdge[], ...names: string[]): SystemGraph {
  const services = names.map((name) => ({
    name,
    type: "service" as const,
    tags: [],
    state: "ready" as const,
    shown: "running",
  }));
  return { services, edges };
}

const plain = { paint: (text: string) => text, named: new Set<string>(), unicode: false };

test("graphText() draws what is shared once, and marks it where it comes again", () => {
  const graph = graphOf(
    [
      edge("web", "api"),
      edge("api", "db"),
      edge("api", "cache", { required: false }),
      edge("web", "db"),
      edge("db", "disk"),
    ],
    ...["web", "api", "db", "cache", "disk"],
  );
  assert.equal(
    graphText(graph, plain),
    [
      "web running",
      "|- api [ready] running",
      "|  |- db [ready] running",
      "|  |  `- disk [ready] running",
      "|  `- cache [ready, not required] running",
      "`- db [ready] running (above)",
    ].join("\n"),
  );
});

test("graphText() shows order without a need, and conflicts at both ends", () => {
  const none = { wait: "" as const, required: false, restart: false };
  const graph = graphOf(
    [edge("b", "a", { kind: "after" }), edge("b", "c", { kind: "conflict", ...none })],
    "a",
    "b",
    "c",
  );
  assert.equal(
    graphText(graph, plain),
    ["b running", "|- a [order only] running", "`- c [conflict] running", "c running", "`- b [conflict] running"].join(
      "\n",
    ),
  );
});

test("around() keeps what a service depends on and what depends on it, and nothing beside", () => {
  const graph = graphOf(
    [edge("c", "b"), edge("b", "a"), edge("other", "a"), edge("c", "third")],
    "a",
    "b",
    "c",
    "other",
    "third",
  );
  const { services, edges } = around(graph, new Set(["b"]));
  assert.deepEqual(
    services.map(({ name }) => name),
    ["a", "b", "c"],
  );
  assert.equal(edges.length, 2);
});

const graphs = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.nat(2)), { maxLength: 30 }))
  .map(([count, pairs]) => {
    const names = Array.from({ length: count }, (_, at) => `s${at}`);
    const edges = pairs
      .filter(([from, to]) => from < to && to < count)
      .map(([from, to, kind]) =>
        edge(`s${from}`, `s${to}`, { kind: (["need", "after", "conflict"] as const)[kind as 0] }),
      );
    return graphOf(edges, ...names);
  });

test("layOut() puts what is needed before what needs it, nothing on top of another, and lines through no box", () => {
  assertProperty(
    fc.property(graphs, ({ services, edges }) => {
      const lines = edges.filter(({ kind }) => kind !== "conflict");
      const { layers, routes } = layOut(
        services.map(({ name }) => name),
        lines,
      );
      const places = layers.flat();
      assert.equal(places.filter(({ name }) => name !== "").length, services.length);
      assert.equal(new Set(places.map(({ layer, row }) => `${layer} ${row}`)).size, places.length);
      for (const [at, line] of lines.entries()) {
        const route = routes[at] ?? [];
        assert.deepEqual([route[0]?.name, route.at(-1)?.name], [line.to, line.from]);
        for (let step = 1; step < route.length; step++)
          assert.equal(route[step]?.layer, (route[step - 1]?.layer ?? 0) + 1);
        assert.ok(route.slice(1, -1).every(({ name }) => name === ""));
      }
    }),
    { runs: 300 },
  );
});

test("graphSvg() is well-formed, and graphDot() is read as the same edges", () => {
  assertProperty(
    fc.property(graphs, fc.string(), (graph, shown) => {
      for (const service of graph.services) service.shown = `failed: ${shown}`;
      const elements = elementsOf(graphSvg(graph));
      assert.equal(elements.filter((name) => name === "g").length, graph.services.length);
      assert.deepEqual(edgesOf(graphDot(graph)).sort(), graph.edges.map(({ from, to }) => `${to} -> ${from}`).sort());
    }),
    { runs: 300 },
  );
});
