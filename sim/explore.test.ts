// limit: 120 s
import assert from "node:assert/strict";
import { test } from "node:test";
import { explore, findCircle } from "./explore.ts";
import { allowanceFrom, exploreAll, exploreOne, fullAllowance, shownTotals, widestAllowance } from "./explore-all.ts";
import { type Allowance, budgetOf, canPay, nothingLeft, price, spend } from "./explore-budget.ts";
import { plantedFaults } from "./explore-faults.ts";
import {
  classOf,
  everyLink,
  type Graph,
  graphOf,
  graphsOf,
  graphText,
  type Link,
  linkClasses,
  planOf,
  type ServiceKind,
  serviceKinds,
  someGraphsOf,
} from "./explore-graphs.ts";
import { shownWrong } from "./explore-show.ts";

/** One system, as a failure names it: EXPLORE_GRAPH="a=probed b=task a>b/done" EXPLORE_BUDGET=exits:1 npm test -- sim/explore.test */
const chosen = process.env.EXPLORE_GRAPH ?? "";
const skip = chosen !== "";

function probed(count: number): ServiceKind[] {
  return Array.from({ length: count }, () => "probed");
}

function exploreAndPrint(title: string, graphs: Graph[], allowance: Allowance, depthMax?: number): void {
  const totals = exploreAll(graphs, allowance, { replayEvery: 500, ...(depthMax === undefined ? {} : { depthMax }) });
  console.log(shownTotals(title, allowance, totals));
  if (depthMax === undefined) assert.equal(totals.closed, totals.graphs);
  else assert.equal(totals.depth, depthMax);
}

if (chosen !== "") {
  test("the system of EXPLORE_GRAPH", () => {
    const allowance = allowanceFrom(process.env.EXPLORE_BUDGET ?? "exits:2,probes:1,limits:1,requests:1,crashes:1");
    exploreAndPrint(chosen, [graphOf(chosen)], allowance);
  });
}

test("graphsOf() has every graph once up to isomorphism, without cycles", () => {
  // Two services: nothing, a conflict, 16 needs and `after`.
  assert.equal(graphsOf(probed(2), everyLink()).length, 19);
  assert.equal(linkClasses().length, 10);
  const graphs = graphsOf(probed(3), linkClasses());
  assert.equal(graphs.length, 1111);
  assert.equal(new Set(graphs.map(graphText)).size, 1111);
  for (const graph of graphs.slice(0, 50)) assert.deepEqual(graphOf(graphText(graph)).kinds, graph.kinds);
});

test("a budget is compared and spent field by field", () => {
  const budget = budgetOf({ ...nothingLeft, exits: 2, limits: 3 });
  assert.ok(canPay(budget, price.exits));
  assert.ok(!canPay(budget, price.requests));
  assert.ok(!canPay(spend(spend(budget, price.exits), price.exits), price.exits));
  assert.equal(spend(budget, price.limits), budget, "three are any number");
});

test("findCircle() finds a circle and nothing else", () => {
  assert.equal(findCircle(3, [0, 0, 1], [1, 2, 2]), -1);
  assert.notEqual(findCircle(3, [0, 1, 2], [1, 2, 1]), -1);
});

test("one service of each kind, with everything that can go wrong, explored to closure", { skip }, () => {
  exploreAndPrint(
    "1 service",
    serviceKinds.map((kind): Graph => ({ kinds: [kind], edges: [] })),
    widestAllowance,
  );
});

test("two services with every dependency, explored to closure", { skip }, () => {
  const graphs = graphsOf(probed(2), everyLink());
  const byClass = new Map<string, [number, number, number]>();
  let positions = 0;
  for (const graph of graphs) {
    const { positions: count, transitions, depth, isClosed } = exploreOne(graph, fullAllowance, { replayEvery: 500 });
    assert.ok(isClosed);
    positions += count;
    // What linkClasses() takes for one behaves as one.
    const name = graphText({ ...graph, edges: graph.edges.map((edge) => ({ ...edge, link: classOf(edge.link) })) });
    const figures: [number, number, number] = [count, transitions, depth];
    assert.deepEqual(figures, byClass.get(name) ?? figures, `${graphText(graph)} is not like ${name}`);
    byClass.set(name, figures);
  }
  console.log(
    `figures: 2 services, every dependency: ${graphs.length} graphs of ${byClass.size} classes, ${positions} positions`,
  );
});

test("two services of different kinds, explored to closure", { skip }, () => {
  const allowance = { ...nothingLeft, exits: 1, leftovers: 1, requests: 1 };
  const links = linkClasses();
  for (const kinds of [
    ["task", "probed"],
    ["probed", "task"],
    ["hooked", "forking"],
    ["notifying", "group"],
  ] as const)
    exploreAndPrint(kinds.join(" and "), graphsOf([...kinds], links), allowance);
});

test("tasks that run at times and what needs them, explored to closure", { skip }, () => {
  const allowance = { ...nothingLeft, exits: 1, limits: 2 };
  for (const kinds of [
    ["queueing", "probed"],
    ["probed", "replacing"],
  ] as const)
    exploreAndPrint(kinds.join(" and "), graphsOf([...kinds], linkClasses()), allowance);
});

test("what waits for health, explored to closure", { skip }, () => {
  const waits = (["ready", "healthy"] as const).map(
    (wait): Link => ({ kind: "need", wait, required: true, restart: true }),
  );
  const allowance = { ...nothingLeft, probes: 3, exits: 1, limits: 1, requests: 1 };
  for (const kind of ["checked", "observed"] as const)
    exploreAndPrint(`probed and ${kind}`, graphsOf(["probed", kind], waits), allowance);
});

test("three services with every dependency, explored to closure", { skip }, () => {
  const graphs = graphsOf(probed(3), linkClasses());
  exploreAndPrint("3 services, a request", graphs, { ...nothingLeft, requests: 1 });
  exploreAndPrint("3 services, an end and a time limit", graphs, { ...nothingLeft, exits: 1, limits: 1, probes: 1 });
  // With all of the graphs, and all that can go wrong, it takes an hour or more: sim/explore.long.test.ts.
  const some = graphs.filter((_, at) => at % 28 === 7);
  exploreAndPrint("3 services, everything", some, { ...fullAllowance, exits: 1, crashes: 0 });
});

test("four services to a depth of 12", { skip }, () => {
  const graphs = someGraphsOf(probed(4), linkClasses(), 24, 1);
  exploreAndPrint("4 services", graphs, { ...nothingLeft, exits: 1, requests: 1 }, 12);
});

for (const [name, { step, finds }] of Object.entries(plantedFaults)) {
  test(`an engine that ${name} is found`, { skip }, () => {
    const graph = graphOf("a=probed b=probed a>b/ready");
    const budget = budgetOf(fullAllowance);
    const { failure } = explore(planOf(graph), { budget, step, replayEvery: 1 });
    assert.ok(failure !== null);
    assert.match(failure.message, finds);
    const shown = shownWrong(graph, budget, failure, step);
    assert.match(shown, /EXPLORE_GRAPH="a=probed b=probed a>b\/ready"/);
    assert.match(shown, /plan-loaded\n {4}/);
  });
}
