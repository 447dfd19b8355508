/** Tries mutants in threads: those that hang are ended with their thread at a time limit. */

import { Worker } from "node:worker_threads";
import type { Mutant, Mutants } from "./instrument.ts";
import { scenarioTexts } from "./scenario-texts.ts";
import type { Job, Reach, Verdict } from "./worker.ts";

export interface Outcome {
  mutant: Mutant;
  result: "killed" | "timed out" | "survived" | "not reached";
  killer: string;
  message: string;
}

export interface TryOptions {
  threads: number;
  /** Instead of the checks: the traces of so many histories, compared with those of the engine as written. */
  compare?: number;
  /** Told of each one when it is known. */
  onOutcome?: (outcome: Outcome) => void;
}

/** For all checks with one mutant. The slowest ones take a tenth of it, so a busy machine is no reason. */
const mutantLimitMs = 60_000;
/** A place that is reached so much more often than by the engine as written is in an endless loop. */
const hitsFactor = 100;
const hitsLeast = 10_000;
const memoryMiB = 1024;
/** Properties are tried on a part of their usual data. */
const propertyTimes = "0.2";

/** How the engine as written does: every check must be passed before a mutant can fail one. */
export function findReach({ covering }: Mutants, compare = 0): Promise<Reach> {
  const worker = new Worker(covering, {
    workerData: { wanted: "reach", compare, scenarios: scenarioTexts() },
    env: { ...process.env, PROPERTY_TIMES: propertyTimes },
    stdout: true,
  });
  return new Promise((resolve, reject) => {
    worker.once("message", (reach: Reach) => {
      resolve(reach);
      void worker.terminate();
    });
    worker.once("error", reject);
  });
}

/** For each mutant the checks that reach it, the quick ones first. */
function makeJobs(reach: Reach): Map<number, number[]> {
  const jobs = new Map<number, number[]>();
  const quickFirst = [...reach.checks.entries()].sort(([, one], [, other]) => one.ms - other.ms);
  for (const [number, { hits }] of quickFirst) {
    for (let at = 0; at < hits.length; at += 2) {
      const mutant = hits[at] as number;
      let checks = jobs.get(mutant);
      if (checks === undefined) {
        checks = [];
        jobs.set(mutant, checks);
      }
      checks.push(number, hitsLeast + hitsFactor * (hits[at + 1] as number));
    }
  }
  return jobs;
}

export async function tryMutants(
  all: Mutants,
  chosen: Mutant[],
  reach: Reach,
  { threads, compare = 0, onOutcome }: TryOptions,
): Promise<Outcome[]> {
  const jobs = makeJobs(reach);
  const loading = new Set(reach.loading.filter((_, at) => at % 2 === 0));
  const outcomes: Outcome[] = [];
  const queue = [...chosen];
  const settle = (outcome: Outcome): void => {
    outcomes.push(outcome);
    onOutcome?.(outcome);
  };
  const thread = async (): Promise<void> => {
    const worker = new MutantThread(all.plain, compare);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const checks = jobs.get(mutant.id);
      if (loading.has(mutant.id)) {
        const own = new MutantThread(all.plain, compare, mutant.id);
        const every = reach.checks.flatMap((_, number) => [number, Number.POSITIVE_INFINITY]);
        settle({ mutant, ...(await own.judge({ mutant: mutant.id, checks: every })) });
        await own.end();
      } else if (checks === undefined) settle({ mutant, result: "not reached", killer: "", message: "" });
      else settle({ mutant, ...(await worker.judge({ mutant: mutant.id, checks })) });
    }
    await worker.end();
  };
  await Promise.all(Array.from({ length: threads }, thread));
  return outcomes.sort((a, b) => a.mutant.id - b.mutant.id);
}

type Judgement = Omit<Outcome, "mutant">;

/** A worker that is made when it is needed, and made anew after a mutant that did not end. */
class MutantThread {
  private worker: Worker | null = null;
  private readonly bundle: string;
  private readonly compare: number;
  private readonly active: number | undefined;

  constructor(bundle: string, compare: number, active?: number) {
    this.bundle = bundle;
    this.compare = compare;
    this.active = active;
  }

  async judge(job: Job): Promise<Judgement> {
    this.worker ??= new Worker(this.bundle, {
      workerData: { wanted: "verdicts", compare: this.compare, active: this.active, scenarios: scenarioTexts() },
      // What tests print is of no interest here.
      stdout: true,
      env: { ...process.env, PROPERTY_TIMES: propertyTimes },
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
    });
    const { worker } = this;
    const judgement = await new Promise<Judgement>((resolve) => {
      const done = (result: Judgement): void => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("error", onError);
        resolve(result);
      };
      const timer = setTimeout(() => done(endless(`not done after ${mutantLimitMs / 1000} s`)), mutantLimitMs);
      const onMessage = (verdict: Verdict): void => done(judgementOf(verdict));
      const onError = (error: NodeJS.ErrnoException): void => {
        this.worker = null;
        const { code, message } = error;
        done(code === "ERR_WORKER_OUT_OF_MEMORY" ? endless(message) : { result: "killed", killer: "loading", message });
      };
      worker.on("message", onMessage).on("error", onError);
      worker.postMessage(job);
    });
    if (judgement.result === "timed out") await this.end();
    return judgement;
  }

  async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }
}

function judgementOf({ killer, message, isEndless }: Verdict): Judgement {
  if (killer === null) return { result: "survived", killer: "", message: "" };
  return { result: isEndless ? "timed out" : "killed", killer, message };
}

function endless(message: string): Judgement {
  return { result: "timed out", killer: "time limit", message };
}
