/** `gonit why shutdown`, `why apply`, `why REQUEST`: what is under way, since when, because of what, and what it waits for. */

import { readCauses } from "./causes.ts";
import { type Engine, engineOf, type Node } from "./engine.ts";
import type { Now } from "./event.ts";
import type { OpenRequest, Run, Shutdown, State, Target } from "./state.ts";
import type { Transaction } from "./transaction.ts";
import { isLive } from "./unit.ts";
import type { CauseLine, Explanation } from "./view.ts";
import { explain, ruleText } from "./view-why.ts";
import { shownState } from "./view-words.ts";
import { wallMsOf } from "./wall-time.ts";
import { durationText } from "./words.ts";

const releasesMax = 8;

/** What the system is about, the most important first; requests by their numbers. */
export function explainPending(state: State, now: Now): Explanation[] {
  const engine = engineOf(state);
  const found: Explanation[] = [];
  if (state.shutdown !== null && !state.shutdown.finished) found.push(ofShutdown(engine, state.shutdown, now));
  if (state.transaction !== null) found.push(ofApply(engine, state.transaction, now));
  for (const request of state.requests)
    if (request.id !== state.transaction?.request) found.push(ofRequest(engine, request, now));
  return found;
}

function ofShutdown(engine: Engine, shutdown: Shutdown, now: Now): Explanation {
  const left = durationText(Math.max(0, shutdown.deadlineMs - now.monotonicMs));
  const live = engine.nodes.filter(({ unit }) => isLive(unit));
  const atTheEnd = shutdown.forced ? "what is left then is given up" : "what is left then gets SIGKILL";
  return {
    name: "shutdown",
    state: "",
    shown: shutdown.forced ? "killing what is left" : "in progress",
    sinceWallMs: wallMsOf(shutdown.sinceBootMs, now),
    because: shutdown.reason,
    waitsFor: live.map((node) => waitText(engine, node, now)),
    release: [
      `the end of all of these, in ${left} at the latest: ${atTheEnd}`,
      ...(shutdown.forced ? [] : ["gonit shutdown --force kills them now"]),
      ...releasesOf(engine, live, now),
    ],
    causes: causesOf(engine, now, ["shutdown", "shutdown-forced", "critical"]),
    lastLines: [],
  };
}

function ofApply(engine: Engine, transaction: Transaction, now: Now): Explanation {
  const { phase, failed, because } = transaction;
  const request = engine.state.requests.find(({ id }) => id === transaction.request) as OpenRequest;
  const open = request.targets.filter(({ outcome }) => outcome === "");
  const isBack = phase === "back";
  const last = isBack
    ? "then it ends as failed"
    : "one that fails, or fails three times in a row, has the configuration before put back";
  const bound = transaction.limit === 0 ? "" : `; in ${leftText(transaction.limitAtMs, now)} at the latest`;
  const hold = `all of it to stay up for ${leftText(transaction.holdAtMs, now)} more`;
  return {
    name: "apply",
    state: "",
    shown: isBack ? "being taken back" : "on trial",
    sinceWallMs: wallMsOf(transaction.sinceBootMs, now),
    because: isBack
      ? `${failed} ${because}`
      : transaction.isAwaited
        ? "a client asked for it"
        : "nobody waits for its answer",
    waitsFor: open.length === 0 ? [hold] : open.map((target) => targetText(engine, target, now)),
    release: [`these coming about${bound}; ${last}`, ...releasesOf(engine, nodesOf(engine, open), now)],
    causes: causesOf(engine, now, ["apply-new", "apply-changed", "apply-failed", "apply-refused", "apply-removed"]),
    lastLines: transaction.lines.slice(),
  };
}

function ofRequest(
  engine: Engine,
  { id, request, sinceBootMs, timer, timerAtMs, targets }: OpenRequest,
  now: Now,
): Explanation {
  const open = targets.filter(({ outcome }) => outcome === "");
  const names = "names" in request ? ` ${request.names.join(" ")}` : "";
  const until = request.verb === "wait" ? ` for ${request.until}` : "";
  const bound = timer === 0 ? "" : `, or its time limit in ${leftText(timerAtMs, now)}; what it asked for goes on then`;
  const isOfSystem = request.verb === "shutdown";
  return {
    name: String(id),
    state: "",
    shown: `waiting: ${request.verb}${names}${until}`,
    sinceWallMs: wallMsOf(sinceBootMs, now),
    because: "a client asked for it",
    waitsFor: isOfSystem
      ? ["the end of the system: gonit why shutdown"]
      : open.map((target) => targetText(engine, target, now)),
    release: [`these coming about${bound}`, ...releasesOf(engine, nodesOf(engine, open), now)],
    causes: [],
    lastLines: [],
  };
}

function leftText(atMs: number, now: Now): string {
  return durationText(Math.max(0, atMs - now.monotonicMs));
}

/** A target whose unit is gone has its outcome. */
function nodesOf({ byName }: Engine, targets: Target[]): Node[] {
  return targets.map(({ name }) => byName.get(name) as Node);
}

const goals: Record<Target["goal"], string> = {
  up: "to be up",
  restart: "to be up again",
  down: "to be stopped",
  gone: "to be stopped and forgotten",
  reload: "to have reloaded",
  ready: "to be ready",
  healthy: "to be healthy",
  done: "to be done",
  stopped: "to be stopped",
  run: "to have run",
};

function targetText(engine: Engine, { name, goal }: Target, now: Now): string {
  return `${name} ${goals[goal]}: ${stateText(engine, engine.byName.get(name) as Node, now)}`;
}

function waitText(engine: Engine, node: Node, now: Now): string {
  return `${node.unit.name}: ${stateText(engine, node, now)}`;
}

/** Its state, and what it waits for itself. */
function stateText({ state }: Engine, { unit, plan }: Node, now: Now): string {
  const [first] = (explain(state, unit.name, now) as Explanation).waitsFor;
  const shown = shownState(unit, plan);
  const pid = unit.run?.main === "running" ? ` (pid ${(unit.run as Run).pid})` : "";
  return `${shown}${pid}${first === undefined ? "" : `, waits for ${first}`}`;
}

function releasesOf({ state }: Engine, nodes: Node[], now: Now): string[] {
  const texts = nodes.flatMap(({ unit }) =>
    (explain(state, unit.name, now) as Explanation).release.map((text) => `${unit.name}: ${text}`),
  );
  return texts.length > releasesMax
    ? [...texts.slice(0, releasesMax), `and ${texts.length - releasesMax} more`]
    : texts;
}

/** What the system remembers of these rules, newest first. */
function causesOf({ state }: Engine, now: Now, wanted: string[]): CauseLine[] {
  return readCauses(state.causes)
    .filter(({ rule }) => wanted.includes(rule))
    .map(({ bootMs, event, rule, effect }) => ({ wallMs: wallMsOf(bootMs, now), event, rule: ruleText(rule), effect }));
}
