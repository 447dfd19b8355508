/**
 * Which event met a unit in which state. A pair that can never be is listed with the reason; every other one must be seen
 * often, or the histories do not try what they should.
 */

import { engineOf } from "../src/engine/engine.ts";
import type { Event } from "../src/engine/event.ts";
import { matchNames } from "../src/engine/names.ts";
import type { State, Unit } from "../src/engine/state.ts";
import type { StateName } from "../src/engine/view.ts";

const states: StateName[] = [
  "stopped",
  "waiting",
  "starting",
  "ready",
  "reloading",
  "stopping",
  "backing-off",
  "failed",
  "done",
];

/** Answers for one unit. */
const unitEvents = [
  "spawn-succeeded",
  "spawn-failed",
  "process-exited",
  "tree-emptied",
  "tree-remains",
  "tree-unkillable",
  "timer-fired",
  "probe-succeeded",
  "probe-failed",
  "log-matched",
  "notify-received",
  "ready-line",
  "ready-closed",
  "main-named",
  "main-refused",
  "signal-sent",
  "signal-unhandled",
];

/** What concerns all units, or those that it names. */
const systemEvents = [
  "manager-started",
  "plan-loaded",
  "processes-adopted",
  "event-set-aside",
  "request-cancelled",
  "clock-stepped",
  "watched-changed",
  "socket-connected",
  "signal stop",
  "signal force",
  "signal reload-config",
  "request start",
  "request stop",
  "request restart",
  "request reload",
  "request run-task",
  "request kill",
  "request wait",
  "request shutdown",
];

const withoutRun = ["stopped", "waiting", "failed", "done"] as const;

/** Why a unit in this state never gets this event; null: it can. */
export function impossible(state: StateName, event: string): string | null {
  if (!unitEvents.includes(event)) return null;
  // Of a scheduled task, whose times come whatever became of its last run.
  if (event === "timer-fired" && (state === "waiting" || state === "failed" || state === "done")) return null;
  if ((withoutRun as readonly string[]).includes(state)) return "without a run no ticket of the unit is open";
  if (state === "backing-off" && event !== "timer-fired") return "only the timer of its delay is open";
  if (event === "tree-unkillable" && state !== "stopping") return "SIGKILL is sent in a stop only";
  if (event.startsWith("ready-") && (state === "ready" || state === "reloading"))
    return "the pipe is closed with the line that made it ready";
  if (event.startsWith("signal-") && (state === "starting" || state === "stopping"))
    return "what reloads is up, and a run that ends hears no answer";
  if (event === "log-matched" && state !== "starting") return "the log is watched until the unit is ready";
  if ((event.startsWith("probe-") || event.startsWith("main-")) && state === "stopping")
    return "a run that ends is not asked any more";
  return null;
}

export class Coverage {
  private readonly counts = new Map<string, number>();

  /** Called with each event before it is stepped. */
  count(state: State, event: Event): void {
    const name = nameOf(event);
    for (const unit of unitsOf(state, event)) this.add(`${unit.state} × ${name}`);
  }

  private add(pair: string): void {
    this.counts.set(pair, (this.counts.get(pair) ?? 0) + 1);
  }

  merge(other: Coverage): void {
    for (const [pair, count] of other.counts) this.counts.set(pair, (this.counts.get(pair) ?? 0) + count);
  }

  /** Pairs that can be and were seen less than this often, and pairs that were seen though they cannot be. */
  gaps(least: number): string[] {
    const found: string[] = [];
    for (const state of states) {
      for (const event of [...unitEvents, ...systemEvents]) {
        const pair = `${state} × ${event}`;
        const count = this.counts.get(pair) ?? 0;
        const reason = impossible(state, event);
        if (reason === null && count < least) found.push(`${pair}: seen ${count} times`);
        else if (reason !== null && count > 0) found.push(`${pair}: seen ${count} times, though ${reason}`);
      }
    }
    return found;
  }

  summary(): string {
    const all = states.length * (unitEvents.length + systemEvents.length);
    const never = states.flatMap((state) => unitEvents.filter((event) => impossible(state, event) !== null)).length;
    const [rarest, count] = [...this.counts].reduce((least, one) => (one[1] < least[1] ? one : least));
    return `${this.counts.size} of ${all - never} possible pairs of state and event (${never} are impossible), the rarest ${count} times: ${rarest}`;
  }
}

function nameOf(event: Event): string {
  if (event.kind === "request-received") return `request ${event.request.verb}`;
  return event.kind === "signal-received" ? `signal ${event.meaning}` : event.kind;
}

function unitsOf(state: State, event: Event): Unit[] {
  const engine = engineOf(state);
  if (event.kind === "request-received" && "names" in event.request)
    return matchNames(engine.nodes, event.request.names).found.map(({ unit }) => unit);
  if (!("ticket" in event)) return state.units;
  const node = engine.byTicket.get(event.ticket);
  return node === undefined ? [] : [node.unit];
}
