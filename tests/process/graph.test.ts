/** `gonit graph` of a running system, in each form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { edgesOf } from "../dot.ts";
import { elementsOf } from "../xml.ts";
import { start } from "./gonit.ts";

interface Graph {
  services: { name: string; state: string; shown: string }[];
  edges: { from: string; to: string; kind: string; wait: string; required: boolean; restart: boolean }[];
}

test("graph: kinds of dependencies and states, as JSON, text, dot and svg", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: db, command: sleep 1000}
  - {name: job, type: task, command: "true", depends_on: [db]}
  - {name: web, command: sleep 1000, depends_on: [job, {name: db, wait: started, required: false, restart: false}]}
  - {name: late, command: /nonexistent, after: [web]}
  - {name: rival, command: sleep 1000, enabled: false, conflicts: [web]}
`,
  );
  await gonit.sees(/msg="Service failed".*service=late/);
  const graph = JSON.parse(gonit.client("graph", "--json").stdout) as Graph;
  assert.deepEqual(
    graph.services.map(({ name, state }) => `${name} ${state}`),
    ["db ready", "job done", "web ready", "late failed", "rival stopped"],
  );
  assert.deepEqual(graph.edges, [
    { from: "job", to: "db", kind: "need", wait: "ready", required: true, restart: true },
    { from: "web", to: "job", kind: "need", wait: "done", required: true, restart: true },
    { from: "web", to: "db", kind: "need", wait: "started", required: false, restart: false },
    { from: "late", to: "web", kind: "after", wait: "ready", required: false, restart: false },
    { from: "rival", to: "web", kind: "conflict", wait: "", required: false, restart: false },
  ]);
  const text = gonit.client("graph").stdout;
  assert.match(text, /^late failed: .*No such file or directory\n.*web \[order only\] running$/m);
  assert.match(text, /db \[started, not required, no restart\] running/);
  assert.equal(edgesOf(gonit.client("graph", "--format", "dot").stdout).length, 5);
  const svg = gonit.client("graph", "--format", "svg").stdout;
  assert.equal(elementsOf(svg).filter((name) => name === "g").length, 5);
  const part = JSON.parse(gonit.client("graph", "job", "--format=json").stdout) as Graph;
  assert.deepEqual(
    part.services.map(({ name }) => name),
    ["db", "job", "web", "late"],
  );
  assert.equal(gonit.client("graph", "nobody").code, 4);
  const unknown = gonit.client("graph", "--format", "png");
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [2, "gonit: cannot graph as png: the formats are text, dot, svg, json\n"],
  );
});
