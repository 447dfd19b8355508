/** `gonit status`: the system and its services at a glance. Pure functions over the state. */

import { ShutdownMode } from "../contract.ts";
import { definitionOf, type Engine, engineOf, type Node } from "./engine.ts";
import type { Now } from "./event.ts";
import { isUnhealthy } from "./health.ts";
import { isNameMissing } from "./main-process.ts";
import type { ServicePlan } from "./plan.ts";
import { nextText } from "./schedule.ts";
import type { Run, State } from "./state.ts";
import { waitsFor } from "./transaction-begin.ts";
import { awaitsItsTime, isLive, isScheduled, isUp } from "./unit.ts";
import type { ServiceStatus, SystemStatus } from "./view.ts";
import { nextTimeText, noTimeText, scheduleStatus } from "./view-schedule.ts";
import { blockedText, healthText, pendingNeeds, shownState, stateReason, withKilled } from "./view-words.ts";
import { wallMsOf } from "./wall-time.ts";
import { durationText, signalName } from "./words.ts";

/** With those services alone that were asked for, where some were: what they cost must not grow with all the others. */
export function systemStatus(state: State, now: Now, only: Node[] | null = null): SystemStatus {
  const engine = engineOf(state);
  const { shutdown } = state;
  return {
    title: state.plan?.title ?? "",
    version: state.plan?.version ?? "",
    state: systemState(engine),
    services: (only ?? engine.nodes).map((node) => statusOf(engine, node, now)),
    shutdown:
      shutdown === null
        ? null
        : {
            mode: modeName(shutdown.mode),
            sinceWallMs: wallMsOf(shutdown.sinceBootMs, now),
            deadlineWallMs: now.wallMs + shutdown.deadlineMs - now.monotonicMs,
            waitsFor: engine.nodes.filter((node) => isLive(node.unit)).map((node) => node.unit.name),
          },
    configuration: "",
    apply: applyStatus(engine, now),
    setAside: state.setAside.slice(),
  };
}

function applyStatus(engine: Engine, now: Now): SystemStatus["apply"] {
  const { transaction } = engine.state;
  if (transaction === null) return null;
  const { sinceBootMs, failed, because } = transaction;
  return { sinceWallMs: wallMsOf(sinceBootMs, now), waitsFor: waitsFor(engine), failed, because };
}

export function systemState(engine: Engine): string {
  if (engine.state.shutdown !== null) return "stopping";
  // One loop: each answer tells the state, among very many services too.
  let isBooting = false;
  let isRunning = false;
  for (const { unit, plan } of engine.nodes) {
    const { state } = unit;
    if (state === "failed" || state === "backing-off" || unit.blockedBy !== "") return "degraded";
    isBooting ||= state === "starting" || (state === "waiting" && !awaitsItsTime(unit));
    isRunning ||= unit.listens || (unit.run !== null && plan.type !== "group") || isScheduled(unit);
  }
  if (isBooting) return "booting";
  return isRunning ? "running" : "idle";
}

function modeName(mode: number): string {
  const [name] = Object.entries(ShutdownMode).find(([, number]) => number === mode) as [string, number];
  return name;
}

function statusOf(engine: Engine, node: Node, now: Now): ServiceStatus {
  const { unit } = node;
  const plan = definitionOf(node);
  const { run, last } = unit;
  const marks: ServiceStatus["marks"] = [];
  if (isUp(unit) && unit.stopWish === "" && run?.healthy) marks.push("healthy");
  if (isUp(unit) && isUnhealthy(run as Run)) marks.push("unhealthy");
  if (run !== null && run.unkillable.length > 0) marks.push("unkillable");
  return {
    name: unit.name,
    instance: node.id,
    description: plan.description,
    type: plan.type,
    enabled: plan.enabled,
    tags: plan.tags,
    labels: plan.labels,
    state: unit.state,
    shown: shownState(unit, plan),
    wanted: unit.wanted,
    sinceWallMs: wallMsOf(unit.sinceBootMs, now),
    pid: run !== null && run.main === "running" ? run.pid : null,
    restarts: unit.restarts,
    exitCode: last === null ? null : last.code,
    exitSignal: last === null || last.signal === null ? null : signalName(last.signal),
    reason: reasonOf(engine, node, now),
    statusText: unit.statusText,
    marks,
    dependsOn: plan.dependsOn.map((dependency) => dependency.name),
    schedule: scheduleStatus(engine.state, node, now),
    notes: [],
  };
}

/** What its start is at. */
function startStepName(plan: ServicePlan, run: Run): string {
  if (run.phase === "pre-start") return "pre_start";
  if (run.main !== "spawning" && isNameMissing(plan, run))
    return `pid_file${run.namingReason === "" ? "" : ` (${run.namingReason})`}`;
  return `ready: ${plan.ready.kind}`;
}

function waitText({ state }: Engine, node: Node, now: Now): string {
  const next = nextTimeText(state, node, now);
  return next === "" ? noTimeText(node) : `waits for ${next}`;
}

function nextRun({ state }: Engine, node: Node, now: Now): string {
  const next = nextText(state, node, now);
  return next === "" ? "" : `; next run ${next}`;
}

/** Why it is in its state, one line; empty where the state says all. */
function reasonOf(engine: Engine, node: Node, now: Now): string {
  const { unit } = node;
  switch (unit.state) {
    case "failed":
      return unit.failedBecause + nextRun(engine, node, now);
    case "waiting":
      if (awaitsItsTime(unit)) return waitText(engine, node, now);
      return unit.blockedBy !== "" ? blockedText(engine, node) : `waits for ${pendingNeeds(node).join(", ")}`;
    case "backing-off":
      return `${stateReason(node)}; again in ${durationText(Math.max(0, unit.backoffAtMs - now.monotonicMs))}`;
    case "stopping": {
      const run = unit.run as Run;
      if (run.unkillable.length > 0) return `pid ${run.unkillable.join(" ")} outlives SIGKILL`;
      if (run.timer === 0) return run.phase;
      const left = durationText(Math.max(0, run.timerAtMs - now.monotonicMs));
      return `${run.phase}; ${run.lingers ? "asked to end" : "killed"} in ${left}`;
    }
    case "starting": {
      const run = unit.run as Run;
      const left = durationText(Math.max(0, run.timerAtMs - now.monotonicMs));
      const probe = run.probeReason === "" ? "" : `; last probe: ${run.probeReason}`;
      return `${startStepName(definitionOf(node), run)}, at most ${left} more${probe}`;
    }
    case "stopped":
      return withKilled(unit.wantedBecause, unit);
    case "done":
      return stateReason(node) + nextRun(engine, node, now);
    case "ready":
    case "reloading":
      return unit.stopWish === "" ? healthText(node) : stateReason(node);
  }
}
