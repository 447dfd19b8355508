/** Who was in which state when: what expectations are judged by, and the figures of the summary. */

import type { ServicePlan } from "../src/engine/plan.ts";
import type { StateName } from "../src/engine/view.ts";

export interface Moment {
  /** Since the start of the system. */
  atMs: number;
  /** Orders moments of the same millisecond, over all services. */
  sequence: number;
  /** A state of the engine, or `blocked`. */
  state: StateName | "blocked";
  /** gonit wants it up. */
  wanted: boolean;
}

export interface SystemMoment {
  atMs: number;
  state: string;
}

export class History {
  readonly services = new Map<string, Moment[]>();
  readonly system: SystemMoment[] = [];
  shutdownMs: number | null = null;
  /** When everything was down, and with which exit code. */
  downMs: number | null = null;
  exitCode = 0;
  endMs = 0;
  private sequence = 0;
  private readonly startCounts = new Map<string, number>();

  note(name: string, atMs: number, state: Moment["state"], wanted: boolean): void {
    const moment = { atMs, sequence: this.sequence++, state, wanted };
    if (state === "starting") this.startCounts.set(name, this.starts(name) + 1);
    const known = this.services.get(name);
    if (known === undefined) this.services.set(name, [moment]);
    else known.push(moment);
  }

  noteSystem(atMs: number, state: string): void {
    if (this.system.at(-1)?.state !== state) this.system.push({ atMs, state });
  }

  of(name: string): Moment[] {
    return this.services.get(name) ?? [];
  }

  stateAt(name: string, atMs: number): Moment["state"] {
    return this.of(name).findLast((moment) => moment.atMs <= atMs)?.state ?? "stopped";
  }

  /** Starts after the first, whatever caused them. */
  restarts(name: string): number {
    return Math.max(0, this.starts(name) - 1);
  }

  starts(name: string): number {
    return this.startCounts.get(name) ?? 0;
  }

  firstReadyMs(plan: ServicePlan): number | null {
    return this.of(plan.name).find(({ state }) => isUp(state, plan))?.atMs ?? null;
  }

  /** Is wanted, was up once, and is not. */
  isOut(plan: ServicePlan): boolean {
    const last = this.of(plan.name).at(-1);
    return last?.wanted === true && !isUp(last.state, plan) && this.firstReadyMs(plan) !== null;
  }

  /** Time in which it was wanted and not up, since it was up for the first time. */
  outageMs(plan: ServicePlan): number {
    const moments = this.of(plan.name);
    const first = moments.findIndex(({ state }) => isUp(state, plan));
    if (first < 0) return 0;
    const endMs = this.shutdownMs ?? this.endMs;
    let total = 0;
    for (let at = first; at < moments.length; at++) {
      const { state, wanted, atMs } = moments[at] as Moment;
      const untilMs = Math.min(moments[at + 1]?.atMs ?? endMs, endMs);
      if (wanted && !isUp(state, plan)) total += Math.max(0, untilMs - atMs);
    }
    return total;
  }
}

/** What ends by design is up when it is done. */
export function isUp(state: string, { type, ready }: ServicePlan): boolean {
  if (state === "ready" || state === "reloading") return type !== "task" || ready.kind !== "started";
  return state === "done" && (type === "task" || ready.kind === "exit");
}
