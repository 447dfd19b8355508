/**
 * What a turn of the manager has to tell `gonit events`: what happened stands in its input, what came of it in the
 * effects and in the state after it.
 */

import { ProcessKind } from "../contract.ts";
import type { HistoryEvent } from "../control/history.ts";
import { isEqual } from "../engine/diff.ts";
import type { Effect, Reply } from "../engine/effect.ts";
import { engineOf, type Node } from "../engine/engine.ts";
import type { Event, Now, Peer, Request, StepInput } from "../engine/event.ts";
import { isUnhealthy } from "../engine/health.ts";
import { instanceKey, type Ticket } from "../engine/instance.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";

const detailLengthMax = 300;
const namesMax = 100;
const commandBytes = 64;

/** What is to be remembered of the state before a step. */
export interface TurnBegin {
  events: HistoryEvent[];
  isShutdown: boolean;
  /** Of the services whose health is answered in this turn: what is known of it before. */
  health: Map<Node, Health>;
  /** Only where the turn brings a plan. */
  plan: { plan: Plan | null; units: Set<string> } | null;
}

export function beginTurn(state: State, { now, events }: StepInput): TurnBegin {
  const told: HistoryEvent[] = [];
  const health = new Map<Node, Health>();
  for (const event of events) {
    const one = inputEvent(state, event, now);
    if (one !== null) told.push(one);
    if (event.kind !== "probe-succeeded" && event.kind !== "probe-failed") continue;
    const node = engineOf(state).byTicket.get(event.ticket);
    if (node?.unit.run?.health === event.ticket && !health.has(node)) health.set(node, healthOf(node));
  }
  const bringsPlan = events.some(({ kind }) => kind === "plan-loaded");
  const units = () => new Set(state.units.map(({ name }) => name));
  return {
    events: told,
    isShutdown: state.shutdown !== null,
    health,
    plan: bringsPlan ? { plan: state.plan, units: units() } : null,
  };
}

/** All that the turn has to tell, in order; empty for most turns. */
export function endTurn(
  { events, isShutdown, health, plan }: TurnBegin,
  state: State,
  effects: Effect[],
): HistoryEvent[] {
  const told = events;
  if (plan !== null && state.plan !== plan.plan) told.push(planEvent(plan, state));
  if (!isShutdown && state.shutdown !== null)
    told.push({ event: "shutdown-begun", detail: cut(state.shutdown.reason) });
  for (const effect of effects) {
    const one = effectEvent(state, effect);
    if (one !== null) told.push(one);
  }
  for (const [node, before] of health) {
    const now = healthOf(node);
    if (now === before || now === "") continue;
    const detail = cut(node.unit.run?.healthReason ?? "");
    told.push({ event: "health-changed", service: instanceKey(node.id), health: now, detail });
  }
  return told;
}

type Health = "healthy" | "unhealthy" | "";

/** Empty: nothing is known yet, or not any more. */
function healthOf({ unit }: Node): Health {
  if (unit.run === null || unit.run.ending !== "") return "";
  if (unit.run.healthy) return "healthy";
  return isUnhealthy(unit.run) ? "unhealthy" : "";
}

/** A request as it came, for those that the engine hears of in another way. */
export function requestEvent(
  id: Ticket,
  peer: Peer,
  request: Request | { verb: "apply"; detail: string },
): HistoryEvent {
  const names = "names" in request ? request.names.slice(0, namesMax) : [];
  return {
    event: "request-received",
    id,
    verb: request.verb,
    names,
    detail: cut(requestDetail(request)),
    uid: peer.uid,
    pid: peer.pid,
    command: commandOf(peer.pid),
  };
}

function requestDetail(request: Request | { verb: "apply"; detail: string }): string {
  switch (request.verb) {
    case "apply":
      return request.detail;
    case "stop":
      return request.force ? "by force" : "";
    case "kill":
      return `signal ${request.signal} to the ${request.scope}`;
    case "wait":
      return `until ${request.until}`;
    case "shutdown":
      return request.reason;
    default:
      return "";
  }
}

/** Name of a program; empty without /proc, or when it has ended. */
function commandOf(pid: number): string {
  const bytes = pid > 0 ? host.readFile(`/proc/${pid}/comm`, commandBytes) : -1;
  return typeof bytes === "number" ? "" : host.decodeUtf8(bytes).trimEnd();
}

function cut(text: string): string {
  return text.length > detailLengthMax ? `${text.slice(0, detailLengthMax - 1)}…` : text;
}

function inputEvent(state: State, event: Event, now: Now): HistoryEvent | null {
  switch (event.kind) {
    case "spawn-succeeded":
      return withProcess(state, event.ticket, (who) => ({ event: "process-started", ...who, pid: event.pid }));
    case "spawn-failed":
      return withProcess(state, event.ticket, (who) => ({
        event: "start-failed",
        ...who,
        errno: event.errno,
        detail: cut(event.detail),
      }));
    case "process-exited": {
      const { pid, code, signal, core, cpuMs, maxRssKib, because } = event;
      const facts = { pid, code, signal, core, cpuMs: Math.round(cpuMs), maxRssKib, detail: cut(because ?? "") };
      return withProcess(state, event.ticket, (who) => ({ event: "process-ended", ...who, ...facts }));
    }
    case "request-received":
      return requestEvent(event.id, event.peer, event.request);
    case "signal-received":
      return { event: "signal-received", signal: event.signal, meaning: event.meaning };
    case "manager-started":
      return managerEvent(event.life, now);
    case "event-set-aside":
      return { event: "event-set-aside", eventKind: event.eventKind, detail: cut(event.reason) };
    default:
      return null;
  }
}

const initramfsVariable = "GONIT_INITRAMFS_MS=";

function managerEvent(life: number, { bootMs, monotonicMs }: Now): HistoryEvent {
  const event = "manager-started";
  if (life > 1) return { event, life, initMs: null };
  const initMs = Math.floor(host.startedMs()) + bootMs - monotonicMs;
  // From host/switch-root.c.
  const variable = host.environment().find((text) => text.startsWith(initramfsVariable));
  const initramfs = variable === undefined ? {} : { initramfsMs: Number(variable.slice(initramfsVariable.length)) };
  return { event, life, initMs, ...initramfs };
}

const kindNames = new Map(Object.entries(ProcessKind).map(([name, number]) => [number as number, name]));

/** null: nobody waits for the answer any more. */
function withProcess(
  state: State,
  ticket: Ticket,
  make: (who: { service: string; process: string }) => HistoryEvent,
): HistoryEvent | null {
  const node = engineOf(state).byTicket.get(ticket);
  const run = node?.unit.run ?? null;
  if (node === undefined || run === null) return null;
  const service = instanceKey(node.id);
  if (ticket === run.start) return make({ service, process: "main" });
  const kind = run.aux.find((one) => one.ticket === ticket)?.kind;
  if (kind === undefined) return null;
  const name = kindNames.get(kind) ?? "main";
  return make({ service, process: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) });
}

function planEvent({ plan, units }: NonNullable<TurnBegin["plan"]>, state: State): HistoryEvent {
  const { nodes } = engineOf(state);
  const present = new Set(nodes.filter(({ unit }) => !unit.removed).map(({ unit }) => unit.name));
  const old = new Map((plan?.services ?? []).map((service) => [service.name, service]));
  const changed = (state.plan?.services ?? []).filter((service) => {
    const before = old.get(service.name);
    return before !== undefined && !isEqual(before, service);
  });
  return {
    event: "plan-loaded",
    title: state.plan?.title ?? "",
    version: state.plan?.version ?? "",
    added: [...present].filter((name) => !units.has(name)),
    changed: changed.map(({ name }) => name),
    removed: [...units].filter((name) => !present.has(name)),
  };
}

function effectEvent(state: State, effect: Effect): HistoryEvent | null {
  if (effect.kind === "reply")
    return {
      event: "request-ended",
      id: effect.request,
      outcome: effect.reply.outcome,
      detail: cut(why(effect.reply)),
    };
  if (effect.kind !== "publish" || effect.instance === null) return null;
  const service = instanceKey(effect.instance);
  const detail = cut(effect.detail);
  return {
    event: "state-changed",
    service,
    state: effect.state,
    ...(effect.state === "ready" && isShownAsRunning(state, effect.instance.service) ? { shown: "running" } : {}),
    rule: effect.cause,
    detail,
  };
}

function isShownAsRunning(state: State, name: string): boolean {
  const plan = engineOf(state).byName.get(name)?.plan;
  return plan !== undefined && plan.type !== "group" && plan.ready.kind === "started";
}

function why(reply: Reply): string {
  if (reply.outcome === "replaced") return `by request ${reply.by}`;
  if (reply.outcome === "unknown-name") return reply.names.join(" ");
  return reply.outcome === "done" ? "" : reply.reason;
}
