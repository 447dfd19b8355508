/** The thread that tries mutants, one after the other; or, as the covering bundle, tells what each check reaches. */

import { parentPort, workerData } from "node:worker_threads";
import { allChecks, type Check } from "./checks.ts";
import type { ScenarioTexts } from "./scenario-texts.ts";
import { activate, endlessText, takeHits } from "./switch.ts";
import { traceChecks } from "./traces.ts";

/** A mutant, and the checks to try it with: number and the most hits, in turns. */
export interface Job {
  mutant: number;
  checks: number[];
}

export interface Verdict {
  mutant: number;
  /** Name of the check that failed; null: the mutant survived. */
  killer: string | null;
  message: string;
  isEndless: boolean;
}

/** What the engine as written reaches: when it is loaded, and in each check. */
export interface Reach {
  loading: number[];
  checks: { name: string; hits: number[]; ms: number }[];
}

function judge({ mutant, checks: tried }: Job): Verdict {
  for (let at = 0; at < tried.length; at += 2) {
    const check = checks[tried[at] as number];
    if (check === undefined) throw new Error("there is no such check");
    try {
      activate(mutant, tried[at + 1] as number);
      check.run();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const message = text.split("\n", 1)[0] as string;
      return { mutant, killer: check.name, message, isEndless: text.includes(endlessText) };
    } finally {
      activate(-1, 0);
    }
  }
  return { mutant, killer: null, message: "", isEndless: false };
}

function makeChecks(): Check[] {
  return compare > 0 ? traceChecks(compare) : allChecks(scenarios);
}

function reach(): Reach {
  const loading = takeHits();
  return {
    loading,
    checks: makeChecks().map(({ name, run }) => {
      takeHits();
      const startedMs = performance.now();
      run();
      return { name, ms: performance.now() - startedMs, hits: takeHits() };
    }),
  };
}

/** Made at once, by the engine as written, except where the mutant is in what the modules do when they are loaded. */
const { wanted, compare, scenarios } = workerData as {
  wanted: "reach" | "verdicts";
  compare: number;
  scenarios: ScenarioTexts;
};
if (wanted === "reach") parentPort?.postMessage(reach());
const checks = wanted === "reach" ? [] : makeChecks();
parentPort?.on("message", (job: Job) => parentPort?.postMessage(judge(job)));
