/** Whether what a request asked of one unit has come about, can still come, or cannot any more. */

import { definitionOf, type Engine, type Node } from "./engine.ts";
import { isUnhealthy } from "./health.ts";
import { beginReload } from "./reload.ts";
import { isSuccess } from "./restart.ts";
import type { End, Run, Target } from "./state.ts";
import { wishStop } from "./stopping.ts";
import { awaitsItsTime, isDown, isStuck, isUp } from "./unit.ts";
import { blockedText, stateReason } from "./view-words.ts";
import { endText } from "./words.ts";

/** `isTrial`: as a transaction does, which waits for health too. */
export function judgeTarget(engine: Engine, node: Node, target: Target, isTrial: boolean): void {
  switch (target.goal) {
    case "up":
    case "restart":
      if (isTrial && !isHealthyYet(node, target)) return;
      judgeUp(engine, node, target, target.goal === "up" || target.from === 0 ? "started" : "restarted");
      return;
    case "down":
      judgeDown(node, target);
      return;
    case "reload":
      judgeReload(engine, node, target);
      return;
    case "ready":
    case "healthy":
    case "done":
      judgeWait(engine, node, target);
      return;
    case "stopped":
      if (isDown(node.unit)) settle(target, "stopped");
      else failIfUnkillable(node, target);
      return;
    case "run":
      judgeRun(engine, node, target);
      return;
    case "gone":
      failIfUnkillable(node, target);
      return;
  }
}

function settle(target: Target, did: string): void {
  target.outcome = "done";
  if (target.did === "") target.did = did;
}

export function failTarget(target: Target, did: string, reason: string): void {
  target.outcome = "failed";
  target.did = did;
  target.reason = reason;
}

function failIfUnkillable(node: Node, target: Target): void {
  const { run } = node.unit;
  if (run !== null && run.unkillable.length > 0)
    failTarget(target, "unkillable", `outlives SIGKILL: pid ${run.unkillable.join(" ")}`);
}

/** Its health goes on being asked, and nothing is done about the answers. */
function failIfUnhealthy({ unit }: Node, target: Target): void {
  const run = unit.run as Run;
  if (isUnhealthy(run)) failTarget(target, "unhealthy", `is unhealthy: ${run.healthReason}`);
}

/** False: it is up and its health is still to answer, or answers badly, which settles it. */
function isHealthyYet(node: Node, target: Target): boolean {
  const { unit } = node;
  if (!isUp(unit) || unit.stopWish !== "" || unit.run?.healthy === true) return true;
  failIfUnhealthy(node, target);
  return false;
}

/** What is to be restarted is not up before its old run has ended: until then it is to be stopped, or ends. */
function judgeUp(engine: Engine, node: Node, target: Target, did: string): void {
  const { unit } = node;
  if (isUp(unit) && unit.stopWish === "" && node.plan.type !== "task") {
    settle(target, did);
  } else if (unit.listens) settle(target, "listening");
  else if (unit.state === "done") settle(target, "done");
  else if (awaitsItsTime(unit)) settle(target, "scheduled");
  else failIfHopeless(engine, node, target);
}

/** The run that began after the request has ended, whatever the policy makes of its end. */
function judgeRun(engine: Engine, node: Node, target: Target): void {
  const { run, last } = node.unit;
  if (run !== null && run.start !== target.from && !target.begun) {
    target.begun = true;
    target.from = run.start;
  }
  const { type } = definitionOf(node);
  if (target.begun && run?.start !== target.from)
    tellEnd(target, last as End, isSuccess(last as End, node.plan.restart));
  else if (type !== "task") {
    // An apply made it one that does not end by itself.
    failTarget(target, "no task", `is a ${type} now, no task`);
  } else if (target.begun) failIfUnkillable(node, target);
  else failIfHopeless(engine, node, target);
}

function tellEnd(target: Target, end: End, isGood: boolean): void {
  target.exitCode = end.code ?? (end.signal === null ? -1 : 128 + end.signal);
  if (isGood) settle(target, "done");
  else failTarget(target, "failed", `failed: ${endText(end)}`);
}

/** It will not come by itself: it failed, is blocked, was stopped meanwhile, or fails again and again. */
function failIfHopeless(engine: Engine, node: Node, target: Target): void {
  const { unit } = node;
  if (unit.state === "failed") failTarget(target, "failed", `failed: ${unit.failedBecause}`);
  else if (unit.blockedBy !== "") failTarget(target, "blocked", blockedText(engine, node));
  else if (unit.state === "stopped") failTarget(target, "stopped", `is stopped: ${unit.wantedBecause}`);
  else if (unit.wanted === "down") failTarget(target, "stopping", `is being stopped: ${unit.wantedBecause}`);
  else if (isStuck(unit, node.plan))
    failTarget(target, "backing-off", `fails again and again: ${stateReason(node)}; restarts go on`);
  else failIfUnkillable(node, target);
}

function judgeDown(node: Node, target: Target): void {
  const { run } = node.unit;
  // A newer plan may have started it again in the same moment: what was asked for has happened all the same.
  if (run === null || run.start !== target.from) settle(target, "stopped");
  else failIfUnkillable(node, target);
}

function judgeReload(engine: Engine, node: Node, target: Target): void {
  const { unit } = node;
  if (target.begun) {
    // Command and signal are parts of the run, so that no other run can have begun meanwhile.
    if (unit.state === "ready" && (unit.run as Run).reload === null) settle(target, "reloaded");
    else if (!isUp(unit)) failTarget(target, "stopped", "ended during the reload");
    return;
  }
  if (unit.state === "done") {
    failTarget(target, "done", `has ended: ${stateReason(node)}`);
    return;
  }
  if (awaitsItsTime(unit)) {
    failTarget(target, "not running", "is not running");
    return;
  }
  if (unit.state !== "ready" || unit.stopWish !== "") {
    failIfHopeless(engine, node, target);
    return;
  }
  const run = unit.run as Run;
  // An apply may have changed what it is, or how it is reloaded, meanwhile.
  const { type, reload } = definitionOf(node);
  if (type === "group") {
    settle(target, "nothing to reload");
    return;
  }
  if (reload.kind === "restart") {
    target.goal = "restart";
    target.from = run.start;
    wishStop(engine, node, "restart");
    return;
  }
  // It may have read its files before this one was asked for.
  if (run.reload !== null) return;
  // One for all who have waited until now.
  for (const { target: other } of node.waiters) if (other.goal === "reload") other.begun = true;
  beginReload(engine, node, run, reload);
}

function judgeWait(engine: Engine, node: Node, target: Target): void {
  const { unit } = node;
  const isDoneEnough = target.goal === "done" || node.plan.type === "task" || node.plan.ready.kind === "exit";
  if (unit.state === "done") {
    if (isDoneEnough) settle(target, "done");
    else failTarget(target, "done", `has ended: ${stateReason(node)}`);
  } else if (target.goal !== "done" && isUp(unit)) {
    if (target.goal === "ready") settle(target, "ready");
    else if (unit.run?.healthy) settle(target, "healthy");
    else failIfUnhealthy(node, target);
  } else failIfHopeless(engine, node, target);
}
