/**
 * Explores on all cores: each worker is the calling file once more, takes the next graph that nobody has taken until none
 * is left (graphs differ a hundredfold in size), and reports its totals.
 */

import { availableParallelism } from "node:os";
import { parentPort, Worker, workerData } from "node:worker_threads";
import type { ExploreOptions } from "./explore.ts";
import { exploreAll, type Totals } from "./explore-all.ts";
import type { Allowance } from "./explore-budget.ts";
import { type Graph, graphOf, graphText } from "./explore-graphs.ts";

interface Task {
  graphs: string[];
  /** How many graphs were taken, shared by all workers. */
  taken: Int32Array;
  allowance: Allowance;
  options: Partial<ExploreOptions>;
}

type Report = { totals: Totals } | { problem: string };

/** To be called when the file runs as a worker. */
export function exploreAsWorker(): void {
  const { allowance, options } = workerData as Task;
  let report: Report;
  try {
    report = { totals: exploreAll(graphsToTake(workerData as Task), allowance, options) };
  } catch (error) {
    report = { problem: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(report);
}

function* graphsToTake({ graphs, taken }: Task): Generator<Graph> {
  for (let at = Atomics.add(taken, 0, 1); at < graphs.length; at = Atomics.add(taken, 0, 1))
    yield graphOf(graphs[at] as string);
}

/** file: the import.meta.url of a file that calls exploreAsWorker() when it is a worker. Throws the first thing wrong. */
export async function exploreInWorkers(
  file: string,
  graphs: Graph[],
  allowance: Allowance,
  options: Partial<ExploreOptions>,
): Promise<Totals> {
  const width = availableParallelism();
  const began = performance.now();
  const task: Task = {
    graphs: graphs.map(graphText),
    taken: new Int32Array(new SharedArrayBuffer(4)),
    allowance,
    options,
  };
  const totals = await Promise.all(Array.from({ length: width }, () => runWorker(file, task)));
  return { ...totals.reduce(sum), ms: performance.now() - began };
}

function runWorker(file: string, task: Task): Promise<Totals> {
  // Most positions live for a short time only: with a large space for young objects they are never copied.
  const worker = new Worker(new URL(file), { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 96 } });
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (report: Report) => {
      if ("totals" in report) resolve(report.totals);
      else reject(new Error(report.problem));
    });
  });
}

function sum(one: Totals, other: Totals): Totals {
  return {
    graphs: one.graphs + other.graphs,
    closed: one.closed + other.closed,
    positions: one.positions + other.positions,
    transitions: one.transitions + other.transitions,
    depth: Math.max(one.depth, other.depth),
    ms: Math.max(one.ms, other.ms),
  };
}
