/** How a start went: what each service waited, took to begin and to be ready, and which of them held up the rest. */

import type { Past, StartTimes } from "../../control/history.ts";
import type { StateName } from "../../engine/view.ts";
import type { GraphEdge, SystemGraph } from "../../engine/view-graph.ts";
import { isOrder } from "./graph-words.ts";

/** All times are milliseconds; moments since gonit began. null: it did not come to that. */
export interface ServiceStart {
  name: string;
  state: StateName;
  waitingAtMs: number;
  startingAtMs: number | null;
  execAtMs: number | null;
  readyAtMs: number | null;
  waitedMs: number | null;
  /** From its turn until its program runs: pre_start stands in here. */
  spawnMs: number | null;
  /** From there until it is ready; a task: until it is done. */
  untilReadyMs: number | null;
}

export interface StartAnalysis {
  /** Until the last service was ready. */
  totalMs: number;
  /** In the order in which they were ready, those that never were last. */
  services: ServiceStart[];
  /** The one that was ready last, what it waited for longest, and so on. */
  chain: string[];
}

export function analyseStart(past: Past, graph: SystemGraph, which: "first" | "last"): StartAnalysis {
  const beganMs = past.initMs ?? past.managerMs ?? 0;
  const services: ServiceStart[] = [];
  for (const { name, type } of graph.services) {
    const service = past.services[name];
    if (service === undefined || service[which].waitingMs === null) continue;
    const times = service[which];
    const readyMs = type === "task" ? times.doneMs : times.readyMs;
    services.push(startOf(name, service.state, { ...times, readyMs }, beganMs));
  }
  services.sort(
    (one, other) => (one.readyAtMs ?? Infinity) - (other.readyAtMs ?? Infinity) || one.waitingAtMs - other.waitingAtMs,
  );
  const ready = services.filter(({ readyAtMs }) => readyAtMs !== null);
  const last = ready.at(-1);
  const byName = new Map(ready.map((service) => [service.name, service]));
  const chain = last === undefined ? [] : chainOf(last, byName, graph.edges);
  return { totalMs: last?.readyAtMs ?? 0, services, chain };
}

function startOf(name: string, state: StateName, times: StartTimes, beganMs: number): ServiceStart {
  const { waitingMs, startingMs, execMs, readyMs } = times;
  const at = (ms: number | null): number | null => (ms === null ? null : ms - beganMs);
  const between = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : to - from;
  return {
    name,
    state,
    waitingAtMs: (waitingMs ?? beganMs) - beganMs,
    startingAtMs: at(startingMs),
    execAtMs: at(execMs),
    readyAtMs: at(readyMs),
    waitedMs: between(waitingMs, startingMs),
    spawnMs: between(startingMs, execMs),
    // A group has no program.
    untilReadyMs: between(execMs ?? startingMs, readyMs),
  };
}

/** Of what a service depends on, that which was there last held it up. */
function chainOf(last: ServiceStart, byName: Map<string, ServiceStart>, edges: GraphEdge[]): string[] {
  const chain = [last.name];
  for (let at: ServiceStart | undefined = last; at !== undefined; ) {
    let held: ServiceStart | undefined;
    let heldMs = Number.NEGATIVE_INFINITY;
    for (const edge of edges) {
      const other = edge.from === at.name && isOrder(edge) ? byName.get(edge.to) : undefined;
      if (other === undefined || chain.includes(other.name)) continue;
      const thereMs = (edge.wait === "started" ? other.execAtMs : other.readyAtMs) ?? Infinity;
      if (thereMs <= heldMs || thereMs > (at.startingAtMs ?? 0)) continue;
      held = other;
      heldMs = thereMs;
    }
    if (held !== undefined) chain.push(held.name);
    at = held;
  }
  return chain;
}

/** What passed before the services could start; moments since the kernel began. */
export interface BootAnalysis {
  /** null: not known, since gonit is not the init of the machine. */
  kernelMs: number | null;
  /** null: there was none, or it did not begin with gonit. */
  initramfsMs: number | null;
  /** From init's begin until the manager runs. */
  initMs: number;
  /** From there until the last service is ready. */
  servicesMs: number;
  totalMs: number;
  /** What cannot be told, in words; empty: nothing. */
  unknown: string[];
}

export function analyseBoot(past: Past, role: string, { totalMs }: StartAnalysis): BootAnalysis {
  const initAt = past.initMs ?? 0;
  const initMs = (past.managerMs ?? initAt) - initAt;
  const servicesMs = Math.max(0, totalMs - initMs);
  if (role !== "vm") {
    const unknown = [`the kernel and what came before gonit: it is not the init of this machine (role ${role})`];
    return { kernelMs: null, initramfsMs: null, initMs, servicesMs, totalMs: initMs + servicesMs, unknown };
  }
  const kernelMs = past.initramfsMs ?? initAt;
  const initramfsMs = past.initramfsMs === null ? null : initAt - past.initramfsMs;
  return {
    kernelMs,
    initramfsMs,
    initMs,
    servicesMs,
    totalMs: initAt + initMs + servicesMs,
    unknown: ["firmware and boot loader: the kernel's clock begins after them"],
  };
}
