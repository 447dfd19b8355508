/**
 * What a main process leaves behind when it has gone. After a crash, or before a new start, it is asked to end at once.
 * After an end with success that is final it may finish what it does first (`command & echo done`), within the stop limit.
 */

import { definitionOf, type Engine, log, type Node, note } from "./engine.ts";
import { isSuccess } from "./restart.ts";
import type { End, Run } from "./state.ts";
import { killRun } from "./stopping.ts";
import { armUnitTimer } from "./timers.ts";
import { mainTicket } from "./unit.ts";
import { durationText, scopeOf } from "./words.ts";

const SIGTERM = 15;

/** Answer to await-tree: some are left. */
export function treeRemains(engine: Engine, node: Node, run: Run, pids: number[]): void {
  run.left = pids.slice(0, 20);
  if (run.ending === "") return;
  note(engine, node, "tree-remains", `${pids.length} left`);
  run.lingers = mayFinish(engine, node, run);
  if (!run.lingers) askToEnd(engine, node, run);
  // After a stop, or in post_stop, the limit that runs already goes on.
  if (run.lingers || run.timerUse === "") armLimit(engine, node, run);
}

function armLimit(engine: Engine, node: Node, run: Run): void {
  armUnitTimer(engine, node, run, "stop", engine.now.monotonicMs + definitionOf(node).stop.timeoutMs);
}

/** The end is final, was a success, and nobody waits for the whole system to end because of it. */
function mayFinish(engine: Engine, node: Node, run: Run): boolean {
  const { unit } = node;
  const plan = definitionOf(node);
  if (run.post || !isSuccess(run.end as End, plan.restart)) return false;
  if (unit.wanted === "down" || unit.stopWish !== "" || engine.state.shutdown !== null || plan.critical !== "no")
    return false;
  return plan.type === "task" ? unit.runsDone + 1 >= plan.runs : plan.restart.policy !== "always";
}

function askToEnd(engine: Engine, node: Node, run: Run): void {
  engine.effects.push({
    kind: "signal",
    ticket: mainTicket(run),
    startTicket: run.start,
    instance: node.id,
    signal: SIGTERM,
    scope: scopeOf(definitionOf(node).stop.kill),
  });
}

/** Something else is wanted now: what was let finish is asked to end. */
export function hastenLeftovers(engine: Engine, node: Node, run: Run): void {
  if (!run.lingers) return;
  run.lingers = false;
  askToEnd(engine, node, run);
  armLimit(engine, node, run);
}

function killedText({ left }: Run, limitMs: number): string {
  const after = `after ${durationText(limitMs)}`;
  if (left.length === 0) return `killed ${after}`;
  return `${left.length} ${left.length === 1 ? "process" : "processes"} that it left killed ${after}`;
}

/** The stop limit is over. */
export function stopTimeout(engine: Engine, node: Node, run: Run): void {
  const limitMs = definitionOf(node).stop.timeoutMs;
  if (run.lingers) {
    note(engine, node, "tree-remains", `still there after ${limitMs} ms`);
    hastenLeftovers(engine, node, run);
    return;
  }
  run.killed = killedText(run, limitMs);
  note(engine, node, "kill", `not gone after ${limitMs} ms`);
  if (!node.unit.quiet.now) {
    log(engine, "warn", "Killing service", { service: node.unit.name, after: `${limitMs / 1000}s` });
  }
  killRun(engine, node, run);
}
