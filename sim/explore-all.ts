/** Explores many systems under one budget, and adds up what there was. */

import { step as realStep } from "../src/engine/step.ts";
import { type Explored, type ExploreOptions, explore } from "./explore.ts";
import { type Allowance, allowanceOf, budgetOf, nothingLeft } from "./explore-budget.ts";
import { type Graph, planOf } from "./explore-graphs.ts";
import { shownWrong } from "./explore-show.ts";

export interface Totals {
  graphs: number;
  closed: number;
  positions: number;
  transitions: number;
  depth: number;
  ms: number;
}

/**
 * What may go wrong on one way through a system: two ends, one answer "no" of a probe, one time limit, one request (or
 * the shutdown), one manager that dies with a signal unsent.
 */
export const fullAllowance: Allowance = { ...nothingLeft, exits: 2, probes: 1, limits: 1, requests: 1, crashes: 1 };
/** Beside these: leftovers, requests that run out of time, a shutdown after the request. */
export const widestAllowance: Allowance = { ...fullAllowance, leftovers: 1, timeouts: 1, shutdowns: 1 };

/** Throws the first thing that is wrong, as text with the way there. */
export function exploreAll(
  graphs: Iterable<Graph>,
  allowance: Allowance,
  options: Partial<ExploreOptions> = {},
): Totals {
  const totals: Totals = { graphs: 0, closed: 0, positions: 0, transitions: 0, depth: 0, ms: 0 };
  const began = performance.now();
  for (const graph of graphs) add(totals, exploreOne(graph, allowance, options));
  totals.ms = performance.now() - began;
  return totals;
}

export function exploreOne(graph: Graph, allowance: Allowance, options: Partial<ExploreOptions> = {}): Explored {
  const budget = budgetOf(allowance);
  const explored = explore(planOf(graph), { budget, ...options });
  if (explored.failure !== null) throw new Error(shownWrong(graph, budget, explored.failure, options.step ?? realStep));
  return explored;
}

function add(totals: Totals, { positions, transitions, depth, isClosed }: Explored): void {
  totals.graphs++;
  totals.closed += isClosed ? 1 : 0;
  totals.positions += positions;
  totals.transitions += transitions;
  totals.depth = Math.max(totals.depth, depth);
}

export function shownTotals(title: string, allowance: Allowance, totals: Totals): string {
  const { graphs, closed, positions, transitions, depth, ms } = totals;
  const how = closed === graphs ? "all closed" : `${closed} closed`;
  const rate = Math.round(transitions / Math.max(1, ms));
  // The word before is what makes the test runner print the line.
  return `figures: ${title} (${shownAllowance(allowance)}): ${graphs} graphs, ${how}, ${positions} positions, ${transitions} transitions, depth ${depth}, ${(ms / 1000).toFixed(1)} s, ${rate} transitions/ms`;
}

/** `exits:2,limits:1`: allowanceFrom() reads it. */
export function shownAllowance(allowance: Allowance): string {
  const parts = Object.entries(allowanceOf(budgetOf(allowance))).filter(([, count]) => count > 0);
  return parts.map(([name, count]) => `${name}:${count}`).join(",");
}

export function allowanceFrom(text: string): Allowance {
  const allowance: Record<string, number> = { ...nothingLeft };
  for (const part of text.split(",").filter((one) => one !== "")) {
    const [name = "", count = ""] = part.split(":");
    if (!(name in allowance)) throw new Error(`"${name}" is nothing that can go wrong`);
    allowance[name] = Number(count);
  }
  return allowance as unknown as Allowance;
}
