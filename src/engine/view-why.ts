/** `gonit why NAME`: what the state is, because of what, what it waits for, and what would release it. */

import { readCauses } from "./causes.ts";
import { definitionOf, type Engine, engineOf, type Node } from "./engine.ts";
import type { Now } from "./event.ts";
import { firstYesAtMs } from "./health.ts";
import { namingText } from "./main-process.ts";
import { holdsStop } from "./ordering.ts";
import type { CommandPlan, HealthPlan, ReadyPlan, ServicePlan } from "./plan.ts";
import { rules } from "./rules.ts";
import { killMs } from "./shutdown.ts";
import type { End, FaultCause, Run, State, StopCause, Unit } from "./state.ts";
import { awaitsItsTime, isScheduled, isUp } from "./unit.ts";
import type { Explanation } from "./view.ts";
import { nextTimeText, noTimeText } from "./view-schedule.ts";
import { blockedText, healthText, pendingNeeds, shownState, stateReason, withKilled } from "./view-words.ts";
import { wallMsOf } from "./wall-time.ts";
import { causeText, durationText, endText } from "./words.ts";

/** Null: there is no service of this name. */
export function explain(state: State, name: string, now: Now): Explanation | null {
  const engine = engineOf(state);
  const node = engine.byName.get(name);
  if (node === undefined) return null;
  const { unit } = node;
  const parts = partsOf(engine, node, now);
  return {
    name,
    state: unit.state,
    shown: shownState(unit, node.plan),
    sinceWallMs: wallMsOf(unit.sinceBootMs, now),
    ...parts,
    causes: readCauses(unit.causes).map(({ bootMs, event, rule, effect }) => ({
      wallMs: wallMsOf(bootMs, now),
      event,
      rule: ruleText(rule),
      effect,
    })),
    lastLines: unit.last === null || isUp(unit) ? [] : unit.last.lines,
  };
}

export function ruleText(rule: string): string {
  return (rules as Record<string, string>)[rule] ?? rule;
}

type Parts = Pick<Explanation, "because" | "waitsFor" | "release">;

function partsOf(engine: Engine, node: Node, now: Now): Parts {
  const { unit } = node;
  switch (unit.state) {
    case "stopped":
      return {
        because: stoppedBecause(node),
        waitsFor: unit.listens ? ["a connection"] : [],
        release: [`gonit start ${unit.name}`],
      };
    case "waiting":
      return awaitsItsTime(unit) ? scheduled(engine, node, now) : waiting(engine, node);
    case "starting":
      return starting(node, now);
    case "ready":
      return ready(engine, node, now);
    case "reloading":
      return {
        because: "it was asked to reload",
        waitsFor: ["the end of the reload"],
        release: ["the reload command's end, or READY=1"],
      };
    case "stopping":
      return stopping(engine, node, now);
    case "backing-off":
      return {
        because: `${stateReason(node)}${unit.failures > 1 ? `, ${unit.failures} times in a row` : ""}`,
        waitsFor: [`the restart in ${durationText(Math.max(0, unit.backoffAtMs - now.monotonicMs))}`],
        release: [`gonit start ${unit.name} tries at once`],
      };
    case "failed":
      if (isScheduled(unit)) return { ...scheduled(engine, node, now), because: unit.failedBecause };
      return { because: unit.failedBecause, waitsFor: [], release: [`mend the cause, then gonit start ${unit.name}`] };
    case "done":
      if (isScheduled(unit)) return { ...scheduled(engine, node, now), because: stateReason(node) };
      return { because: stateReason(node), waitsFor: [], release: [again(unit)] };
  }
}

function again({ name, schedule }: Unit): string {
  return schedule === null ? `gonit start ${name} runs it again` : `gonit run-task ${name} runs it again`;
}

/** Between two runs, or before the first one. */
function scheduled({ state }: Engine, node: Node, now: Now): Parts {
  const next = nextTimeText(state, node, now);
  const release = [`gonit run-task ${node.unit.name} runs it now`];
  if (next === "") return { because: noTimeText(node), waitsFor: [], release };
  return { because: node.unit.wantedBecause, waitsFor: [next], release };
}

function stoppedBecause(node: Node): string {
  const { unit } = node;
  if (unit.wantedBecause !== "") return withKilled(unit.wantedBecause, unit);
  return node.plan.enabled ? "it was not asked for" : "it is not enabled and nothing that is wanted needs it";
}

function waiting(engine: Engine, node: Node): Parts {
  const { unit } = node;
  if (unit.blockedBy === "") {
    return {
      because: unit.wantedBecause,
      waitsFor: pendingNeeds(node),
      release: ["starts by itself when all of these are there"],
    };
  }
  return {
    because: blockedText(engine, node),
    waitsFor: pendingNeeds(node),
    release: [releaseOf(rootOfBlock(engine, node))],
  };
}

/** The unit at the far end of a chain of blocked ones. */
function rootOfBlock(engine: Engine, node: Node): Node {
  let at = node;
  while (at.unit.blockedBy !== "") at = engine.byName.get(at.unit.blockedBy) as Node;
  return at;
}

function releaseOf(root: Node): string {
  const { name, state } = root.unit;
  if (awaitsItsTime(root.unit)) return `gonit run-task ${name}`;
  if (state === "failed") return `mend ${name}, then gonit start ${name}`;
  if (state === "backing-off") return `${name} coming up at its next try`;
  // A task that is done blocks nobody.
  if (state === "done") return `gonit start ${name}; if it is meant to end, give it type: task`;
  return `gonit start ${name}`;
}

function starting(node: Node, now: Now): Parts {
  const run = node.unit.run as Run;
  const left = durationText(Math.max(0, run.timerAtMs - now.monotonicMs));
  return {
    because: node.unit.wantedBecause,
    waitsFor: startSteps(definitionOf(node), run),
    release: [`failed start in ${left} at the latest`],
  };
}

function startSteps(plan: ServicePlan, run: Run): string[] {
  const { preStart, ready } = plan;
  if (run.phase === "pre-start") return [`pre_start: ${(preStart[run.commandAt] as CommandPlan).argv.join(" ")}`];
  if (run.main === "spawning") return ["its program to begin"];
  const naming = namingText(plan, run);
  const steps = naming === "" ? [] : [naming];
  if (!run.readySeen)
    steps.push(readinessText(ready) + (run.probeReason === "" ? "" : ` (last probe: ${run.probeReason})`));
  return steps;
}

function readinessText(ready: ReadyPlan): string {
  switch (ready.kind) {
    case "started":
      return "its program to begin";
    case "notify":
      return "READY=1 on its notify socket";
    case "exit":
      return "its end with success";
    case "fd":
      return `a line on descriptor ${ready.fd}`;
    case "log":
      return `a line of output with ${ready.regularExpression ? `/${ready.text}/` : ready.text}`;
    case "exec":
      return `success of ${ready.command.argv.join(" ")}`;
    case "http":
      return `http://${ready.host}:${ready.port}${ready.target} to answer well`;
    case "tcp":
      return `${ready.host}:${ready.port} to accept`;
    case "unix":
      return `${ready.path} to accept`;
    case "file":
      return `${ready.path} to exist`;
  }
}

function ready(engine: Engine, node: Node, now: Now): Parts {
  const { unit } = node;
  if (unit.stopWish === "") return { because: unit.wantedBecause, ...health(node, now) };
  const holders = node.neededBy
    .filter((edge) => holdsStop(engine, edge))
    .map((edge) => `${edge.from.unit.name} to stop, which needs it`);
  return {
    because: `it is to be stopped: ${causeText(unit.stopWish)}`,
    waitsFor: holders,
    release: ["stops by itself after these"],
  };
}

/** What its health waits for, or what would mend it. */
function health(node: Node, now: Now): Pick<Parts, "waitsFor" | "release"> {
  const run = node.unit.run as Run;
  const plan = definitionOf(node).health;
  if (plan === null || (run.healthy && run.healthReason === "")) return { waitsFor: [], release: [] };
  const question = `${readinessText(plan.probe)}${run.healthReason === "" ? "" : ` (${healthText(node)})`}`;
  return { waitsFor: [`its health: ${question}`], release: [`a good answer${otherwise(run, plan, now)}`] };
}

/** What becomes of a run whose health does not answer well. */
function otherwise(run: Run, plan: HealthPlan, now: Now): string {
  if (plan.action === "none") return "";
  if (run.healthy) return `; ${plan.failures - run.healthFailures} more bad ones in a row restart it`;
  return ` within ${durationText(Math.max(0, firstYesAtMs(run, plan) - now.monotonicMs))}, or it is restarted`;
}

function stopping(engine: Engine, node: Node, now: Now): Parts {
  const run = node.unit.run as Run;
  const left = durationText(Math.max(0, run.timerAtMs - now.monotonicMs));
  const because = endingText(run);
  if (run.unkillable.length > 0) {
    return {
      because,
      waitsFor: [`pid ${run.unkillable.join(" ")}, which outlives SIGKILL`],
      release: ["the kernel letting it go; nothing waits for it"],
    };
  }
  if (run.timer === 0) return { because, waitsFor: [stopStep(run)], release: [stepRelease(run)] };
  const next = run.lingers ? "SIGTERM" : "SIGKILL";
  const force = engine.state.shutdown === null ? `, or gonit stop --force ${node.unit.name}` : "";
  return { because, waitsFor: [stopStep(run)], release: [`${next} in ${left}${force}`] };
}

/** Steps that have no time limit of their own. */
function stepRelease({ phase }: Run): string {
  if (phase !== "killing") return "their end; what is left gets SIGTERM, then SIGKILL";
  return `the kernel ending it; what outlives SIGKILL by ${durationText(killMs)} is reported and waited for no more`;
}

function endingText(run: Run): string {
  switch (run.ending) {
    case "exited":
    case "spawn-failed":
    case "pre-start-failed":
      return endText(run.end as End);
    default:
      return causeText(run.ending as StopCause | FaultCause);
  }
}

function stopStep(run: Run): string {
  switch (run.phase) {
    case "stopping":
      return run.main === "running" ? `pid ${run.pid} to end` : "its processes to end";
    case "killing":
      return "the end of what got SIGKILL";
    case "post-stop":
      return "post_stop";
    default:
      if (run.lingers) return `pid ${run.left.join(" ")} that it left behind, which may finish`;
      return run.left.length > 0 ? `pid ${run.left.join(" ")} that it left behind` : "the last of its processes";
  }
}
