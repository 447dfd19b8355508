import assert from "node:assert/strict";
import { test } from "node:test";
import { elementsOf } from "../../../tests/xml.ts";
import { addLine, emptyPast, type HistoryEvent, type Past } from "../../control/history.ts";
import type { StateName } from "../../engine/view.ts";
import type { GraphEdge, SystemGraph } from "../../engine/view-graph.ts";
import { analyseBoot, analyseStart } from "./start-analysis.ts";
import { startSvg } from "./start-svg.ts";

/** `TIME SERVICE STATE` or `TIME SERVICE runs`, in the order of time; init began at 1000, its manager at 1010. */
function pastOf(...lines: string[]): Past {
  const past = emptyPast();
  const at = (bootMs: number, event: HistoryEvent) =>
    addLine(past, { seq: 1, bootMs, wallMs: bootMs, turn: "", next: 0, events: [event] });
  at(1010, { event: "manager-started", life: 1, initMs: 1000 });
  for (const line of lines) {
    const [time = "", service = "", what = ""] = line.split(" ");
    if (what === "runs") at(1000 + Number(time), { event: "process-started", service, process: "main", pid: 7 });
    else
      at(1000 + Number(time), {
        event: "state-changed",
        service,
        state: what as StateName,
        rule: "starts",
        detail: "",
      });
  }
  return past;
}

function graphOf(names: string[], ...edges: [string, string, Partial<GraphEdge>?][]): SystemGraph {
  return {
    services: names.map((name) => ({ name, type: "service", tags: [], state: "ready", shown: "running" })),
    edges: edges.map(([from, to, more]) => {
      return { from, to, kind: "need", wait: "ready", required: true, restart: true, ...more };
    }),
  };
}

const shop = [
  ...["10 db waiting", "10 cache waiting", "10 web waiting", "10 db starting", "10 cache starting"],
  ...[
    "12 db runs",
    "13 cache runs",
    "20 cache ready",
    "112 db ready",
    "112 web starting",
    "115 web runs",
    "130 web ready",
  ],
];
const shopGraph = graphOf(["web", "db", "cache"], ["web", "db"], ["web", "cache"]);

test("analyseStart() tells what each service waited and took, from gonit's begin on", () => {
  const { totalMs, services, chain } = analyseStart(pastOf(...shop), shopGraph, "first");
  assert.equal(totalMs, 130);
  assert.deepEqual(chain, ["web", "db"]);
  assert.deepEqual(
    services.map(({ name, waitedMs, spawnMs, untilReadyMs, readyAtMs }) => [
      name,
      waitedMs,
      spawnMs,
      untilReadyMs,
      readyAtMs,
    ]),
    [
      ["cache", 0, 3, 7, 20],
      ["db", 0, 2, 100, 112],
      ["web", 102, 3, 15, 130],
    ],
  );
});

test("analyseStart(): the first start stays what it was when a service is started again, the last one is another", () => {
  const again = ["5000 db stopping", "5001 db waiting", "5001 db starting", "5003 db runs", "5050 db ready"];
  const past = pastOf(...shop, ...again);
  assert.equal(analyseStart(past, shopGraph, "first").services.find(({ name }) => name === "db")?.readyAtMs, 112);
  const last = analyseStart(past, shopGraph, "last");
  assert.equal(last.services.find(({ name }) => name === "db")?.readyAtMs, 5050);
  assert.deepEqual([last.totalMs, last.chain], [5050, ["db"]]);
});

test("analyseStart(): what failed has no time, what only waits for a begin is held up by that, order counts as well", () => {
  const past = pastOf(
    ...[
      "0 a waiting",
      "0 a starting",
      "5 a runs",
      "0 b waiting",
      "5 b starting",
      "6 b runs",
      "6 b ready",
      "90 a ready",
    ],
    ...["0 c waiting", "6 c starting", "8 c failed", "0 d waiting", "90 d starting", "91 d runs", "95 d ready"],
  );
  const none = { wait: "ready" as const, required: false, restart: false };
  const graph = graphOf(
    ["a", "b", "c", "d"],
    ["b", "a", { wait: "started" }],
    ["c", "b"],
    ["d", "a", { kind: "after", ...none }],
  );
  const { services, chain } = analyseStart(past, graph, "first");
  assert.deepEqual(chain, ["d", "a"]);
  assert.equal(services.at(-1)?.name, "c");
  assert.equal(services.at(-1)?.readyAtMs, null);
  const part = { ...graph, services: graph.services.filter(({ name }) => name === "a" || name === "b") };
  part.edges = part.edges.slice(0, 1);
  const early = pastOf(
    ...["0 a waiting", "0 a starting", "5 a runs", "5 a ready", "0 b waiting", "5 b starting", "6 b runs", "6 b ready"],
  );
  assert.deepEqual(analyseStart(early, part, "first").chain, ["b", "a"]);
});

test("analyseBoot() of a machine has the kernel and the initramfs, elsewhere it says what it cannot know", () => {
  const past = pastOf(...shop);
  const start = analyseStart(past, shopGraph, "first");
  const whole = { kernelMs: 1000, initramfsMs: null, initMs: 10, servicesMs: 120, totalMs: 1130 };
  const { unknown, ...boot } = analyseBoot(past, "vm", start);
  assert.deepEqual(boot, whole);
  assert.match(unknown.join(), /^firmware and boot loader/);
  past.initramfsMs = 700;
  assert.deepEqual(
    { ...analyseBoot(past, "vm", start), unknown: [] },
    { ...whole, kernelMs: 700, initramfsMs: 300, unknown: [] },
  );
  const container = analyseBoot(past, "container", start);
  assert.deepEqual([container.kernelMs, container.initramfsMs, container.totalMs], [null, null, 130]);
  assert.match(container.unknown.join(), /^the kernel/);
});

test("startSvg() is well-formed, with a bar for each part of each start, also when nothing is ready", () => {
  const past = pastOf(...shop, "10 new waiting");
  const graph = {
    ...shopGraph,
    services: [...shopGraph.services, { ...shopGraph.services[0], name: "new" }],
  } as SystemGraph;
  const start = analyseStart(past, graph, "first");
  const bars = (text: string) => elementsOf(text).filter((name) => name === "rect").length - 1;
  assert.equal(bars(startSvg(start, null)), 4 * 3);
  assert.equal(bars(startSvg(start, analyseBoot(past, "vm", start))), 4 * 3 + 2);
  const none = analyseStart(emptyPast(), shopGraph, "first");
  assert.equal(bars(startSvg(none, null)), 0);
});
