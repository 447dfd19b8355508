// limit: 14400 s
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread } from "node:worker_threads";
import { fullAllowance, shownTotals } from "./explore-all.ts";
import type { Allowance } from "./explore-budget.ts";
import { type Graph, graphsOf, linkClasses, type ServiceKind, serviceKinds, someGraphsOf } from "./explore-graphs.ts";
import { exploreAsWorker, exploreInWorkers } from "./explore-workers.ts";

/** A part of the graphs only, 1/20 to 20/20: EXPLORE_PART=1/20 npm run test:long -- explore */
const [part = 1, parts = 1] = (process.env.EXPLORE_PART ?? "1/1").split("/").map(Number);
/** Another choice of graphs of four services. */
const seed = Number(process.env.EXPLORE_SEED ?? 1);

function kindsOf(kind: ServiceKind, count: number): ServiceKind[] {
  return Array.from({ length: count }, () => kind);
}

async function exploreAndPrint(title: string, all: Graph[], allowance: Allowance, depthMax?: number): Promise<void> {
  const graphs = all.filter((_, at) => at % parts === part - 1);
  const options = { replayEvery: 500, ...(depthMax === undefined ? {} : { depthMax }) };
  const totals = await exploreInWorkers(import.meta.url, graphs, allowance, options);
  console.log(shownTotals(title, allowance, totals));
  if (depthMax === undefined) assert.equal(totals.closed, totals.graphs);
}

/** Each pair of kinds once: graphsOf() tries every direction between them. */
function pairsOfKinds(): Graph[] {
  return serviceKinds.flatMap((one, at) =>
    serviceKinds.slice(at).flatMap((other) => graphsOf([one, other], linkClasses())),
  );
}

/** A service that others wait for to be done is a task. */
function withTasks(graph: Graph): Graph {
  const isAwaited = (at: number): boolean =>
    graph.edges.some(({ to, link }) => to === at && link.kind === "need" && link.wait === "done");
  return { ...graph, kinds: graph.kinds.map((kind, at) => (isAwaited(at) ? "task" : kind)) };
}

if (!isMainThread) exploreAsWorker();
else {
  test("three services with every dependency and everything that can go wrong, explored to closure", async () => {
    await exploreAndPrint("3 services", graphsOf(kindsOf("probed", 3), linkClasses()), fullAllowance);
  });

  test("two services of all kinds, explored to closure", async () => {
    await exploreAndPrint("2 services of all kinds", pairsOfKinds(), { ...fullAllowance, leftovers: 1, timeouts: 1 });
  });

  test("three services of which others await the end of tasks, explored to closure", async () => {
    const graphs = graphsOf(kindsOf("probed", 3), linkClasses()).map(withTasks);
    const withATask = graphs.filter(({ kinds }) => kinds.includes("task"));
    await exploreAndPrint("3 services and tasks", withATask, fullAllowance);
  });

  test("four services to a depth of 12", async () => {
    const graphs = someGraphsOf(kindsOf("probed", 4), linkClasses(), 400, seed);
    await exploreAndPrint("4 services", graphs, fullAllowance, 12);
  });
}
