/**
 * Limits that a new plan changes while a service goes on (src/engine/limits-in-place.ts says which): files of its group,
 * and limits of its processes. Each thing is asked first, so that a new manager, who does not know how far the one before
 * came, does it once more without harm.
 */

import { readText } from "../control/limit-facts.ts";
import type { ProcessLimit } from "../engine/enforce-limits.ts";
import { engineOf, type Node } from "../engine/engine.ts";
import type { InstanceId } from "../engine/instance.ts";
import { changedLimits } from "../engine/limits-in-place.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { writeKernelFile } from "./kernel-file.ts";
import type { Shell } from "./performer.ts";

const processesMax = 4096;

export class LiveLimits {
  private readonly shell: Shell;
  private plan: Plan | null = null;
  /** Services that a start is under way for, maybe with the old limits; whether failures are told. */
  private readonly starting = new Map<string, boolean>();

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** Once in each turn. */
  look(state: State): void {
    if (state.plan !== this.plan && state.plan !== null) this.take(state, state.plan);
    for (const [name, isKnown] of [...this.starting]) {
      const node = engineOf(state).byName.get(name);
      if (node?.unit.run?.main === "spawning") continue;
      this.starting.delete(name);
      if (node !== undefined) this.renew(node, isKnown);
    }
  }

  private take(state: State, plan: Plan): void {
    const before = new Map(this.plan?.services.map(({ name, limits }) => [name, limits]));
    // What starts by its first plan has its limits from there; of what an earlier manager started nobody knows.
    const isUnknown = this.plan === null && host.life() > 1;
    this.plan = plan;
    for (const node of engineOf(state).nodes) {
      const { name, run } = node.unit;
      if (!isUnknown && !before.has(name)) continue;
      if (changedLimits(before.get(name) ?? null, node.plan.limits).length === 0) continue;
      if (run?.main === "spawning") this.starting.set(name, !isUnknown);
      else this.renew(node, !isUnknown);
    }
  }

  /** `isKnown`: they are others now. Where that is not known, what is refused may be as it should be. */
  private renew(node: Node, isKnown: boolean): void {
    const { run, oldPlan } = node.unit;
    if (run?.main !== "running" || oldPlan !== null) return;
    const failed = this.apply(node, node.plan, run.pid);
    if (!isKnown) return;
    for (const reason of failed) this.shell.cgroups.refuse(node.id, `limits are not changed in what runs: ${reason}`);
  }

  /** What could not be done. */
  private apply({ id }: Node, service: ServicePlan, mainPid: number): Set<string> {
    const { rlimits, nice, oomScoreAdj } = this.shell.cgroups.renew(service, id);
    const failed = new Set<string>();
    if (rlimits.length === 0 && nice === null && oomScoreAdj === null) return failed;
    for (const pid of this.processesOf(id, service, mainPid)) {
      for (const limit of rlimits) limitProcess(pid, limit, failed);
      if (nice !== null) niceProcess(pid, nice, failed);
      if (oomScoreAdj !== null) adjustProcess(pid, oomScoreAdj, failed);
    }
    return failed;
  }

  /** Those of its group; without one, or where it makes others below, the main process and all that descends from it. */
  private processesOf(id: InstanceId, { limits }: ServicePlan, mainPid: number): number[] {
    const inGroup = this.shell.cgroups.processesOf(id);
    if (inGroup.length > 0 && limits?.delegate !== true) return inGroup;
    const found = [mainPid];
    // A list is gone through to its end, also when it grows meanwhile.
    for (const pid of found) if (found.length < processesMax) found.push(...childrenOf(pid));
    return found;
  }
}

function threadsOf(pid: number): number[] {
  const names = host.listDirectory(`/proc/${pid}/task`);
  return typeof names === "number" ? [pid] : names.map(Number);
}

function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((tid) =>
    readText(`/proc/${pid}/task/${tid}/children`)
      .split(" ")
      .map(Number)
      .filter((child) => child > 0),
  );
}

const ESRCH = 3;

/** A process that has ended meanwhile needs no limits. */
function tell(failed: Set<string>, what: string, result: number): void {
  if (result < 0 && result !== -ESRCH) failed.add(`${what}: ${host.errnoText(result)}`);
}

function limitProcess(pid: number, [resource, soft, hard]: ProcessLimit, failed: Set<string>): void {
  tell(failed, "setrlimit", host.limitProcess(pid, resource, soft, hard));
}

/** The kernel has it for each thread. */
function niceProcess(pid: number, nice: number, failed: Set<string>): void {
  for (const tid of threadsOf(pid)) tell(failed, "nice", host.niceThread(tid, nice));
}

function adjustProcess(pid: number, oomScoreAdj: number, failed: Set<string>): void {
  const path = `/proc/${pid}/oom_score_adj`;
  if (readText(path).trim() === String(oomScoreAdj)) return;
  const result = writeKernelFile(path, String(oomScoreAdj));
  if (typeof host.stat(`/proc/${pid}`) !== "number") tell(failed, "oom_score_adj", result);
}
