/** `run-task`: a task runs now, once, whatever its schedule says, and whoever asked waits for that run's end. */

import type { Engine, Node } from "./engine.ts";
import type { Target } from "./state.ts";
import { wantUp } from "./wanted.ts";

/** What cannot be run is told at once. */
export function refuseRun({ unit, plan }: Node, target: Target): void {
  if (plan.type !== "task") {
    target.outcome = "failed";
    target.reason = `is a ${plan.type}, no task: gonit start ${unit.name} starts it`;
  } else if (unit.run !== null && (plan.schedule?.overlap ?? "skip") === "skip") {
    target.outcome = "failed";
    target.did = "already running";
    target.reason = plan.schedule === null ? "runs already" : "runs already (overlap: skip)";
  }
}

/** Runs those whose targets are open. */
export function runTasks(engine: Engine, nodes: Node[], targets: Target[], request: number): void {
  const because = "run-task was asked for";
  for (const node of nodes) {
    const target = targets.find(({ name }) => name === node.unit.name) as Target;
    if (target.outcome !== "") continue;
    wantUp(engine, [node], { because, rule: "run-task", byHand: true, request, runNow: true });
  }
}
