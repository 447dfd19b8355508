/** What the world checks beside the engine's own invariants: what clients were told, and in which order things happened. */

import { ProcessKind } from "../src/contract.ts";
import type { Effect, Reply } from "../src/engine/effect.ts";
import { engineOf } from "../src/engine/engine.ts";
import type { Event } from "../src/engine/event.ts";
import { isBinding } from "../src/engine/ordering.ts";
import { killMs } from "../src/engine/shutdown.ts";
import type { State } from "../src/engine/state.ts";
import { takenBackMessage } from "../src/engine/transaction-end.ts";
import { isLive, isStopCause } from "../src/engine/unit.ts";
import type { StateName } from "../src/engine/view.ts";

export class Checks {
  /** Requests that were accepted and not answered. */
  readonly open = new Set<number>();
  private readonly states = new Map<string, StateName>();
  private readonly begun = new Set<number>();
  /** Requests to apply a plan: their replies tell what was done to a service, whatever it has come to since. */
  private readonly applies = new Set<number>();
  /** What has stopped may run again in the same step, by a newer plan. */
  private mayRunAgain = false;

  /** Everything since this state is forgotten, also by the clients. */
  forgetSince(state: State): void {
    this.open.clear();
    const { transaction } = state;
    const nobodys = transaction === null || transaction.isAwaited ? null : transaction.request;
    for (const { id } of state.requests) if (id !== nobodys) this.open.add(id);
  }

  beforeStep(state: State, events: Event[]): void {
    for (const event of events) {
      if (event.kind === "request-received") this.open.add(event.id);
      else if (event.kind === "plan-loaded" && event.request !== null) {
        this.open.add(event.request);
        this.applies.add(event.request);
      } else if (event.kind === "request-cancelled") this.open.delete(event.id);
    }
    this.mayRunAgain = events.some(({ kind }) => kind === "plan-loaded");
    this.states.clear();
    for (const unit of state.units) this.states.set(unit.name, unit.state);
  }

  afterStep(state: State, effects: Effect[], nowMs: number): void {
    // Up to here the engine went by a plan that it has taken back in the same step.
    const back = effects.findLastIndex((effect) => effect.kind === "log" && effect.message === takenBackMessage);
    for (const [at, effect] of effects.entries()) {
      if (effect.kind === "publish" && effect.instance !== null) {
        this.states.set(effect.instance.service, effect.state as StateName);
        if (effect.state === "stopping" && at > back) this.checkStop(state, effect.instance.service);
      } else if (effect.kind === "spawn") {
        // What began before that began rightly, and goes on with its next command.
        if (at > back) this.checkStart(state, effect);
        else this.begun.add(effect.startTicket);
      } else if (effect.kind === "reply") {
        this.checkReply(effect.request);
        if (!this.applies.has(effect.request)) this.checkTruth(state, effect.reply);
      } else if (effect.kind === "finish-shutdown") this.checkFinish(state, nowMs);
    }
  }

  /** Nothing starts before what it needs is ready. */
  private checkStart(state: State, effect: Extract<Effect, { kind: "spawn" }>): void {
    const isFirst = effect.processKind === ProcessKind.main || effect.processKind === ProcessKind.preStart;
    if (!isFirst || this.begun.has(effect.startTicket)) return;
    this.begun.add(effect.startTicket);
    const node = engineOf(state).byName.get(effect.instance.service);
    for (const edge of node?.needs ?? []) {
      if (edge.kind !== "need" || edge.old || !edge.required) continue;
      const found = this.states.get(edge.name);
      const isMet =
        found === "ready" ||
        found === "reloading" ||
        (edge.wait === "started" && found === "starting") ||
        (found === "done" &&
          (edge.wait === "done" || edge.to.plan.type === "task" || edge.to.plan.ready.kind === "exit"));
      if (!isMet) throw new Error(`check: ${effect.instance.service} starts while ${edge.name} is ${found}`);
    }
  }

  /** gonit stops nothing before what needs it has stopped. */
  private checkStop(state: State, name: string): void {
    const node = engineOf(state).byName.get(name);
    const run = node?.unit.run;
    if (node === undefined || run === null || run === undefined || !isStopCause(run.ending)) return;
    if (state.shutdown?.forced === true) return;
    for (const edge of node.neededBy) {
      if (!isBinding(edge) || !isLive(edge.from.unit)) continue;
      throw new Error(`check: ${name} is stopped (${run.ending}) while ${edge.from.unit.name} needs it`);
    }
  }

  private checkReply(id: number): void {
    if (!this.open.delete(id)) throw new Error(`check: request ${id} is answered twice, or was never asked`);
  }

  /**
   * What a client is told is so when it is told. Of several services each was so at some time since the request, and may
   * have gone on meanwhile.
   */
  private checkTruth(state: State, reply: Reply): void {
    if (reply.outcome !== "done") return;
    for (const { instance, did, reason } of reply.results) {
      if (reason !== "") throw new Error(`a reply of success has a reason: ${reason}`);
      if (reply.results.length > 1) continue;
      const found = this.states.get(instance);
      const isUp = found === "ready" || found === "reloading";
      if (["started", "restarted", "reloaded", "ready", "healthy"].includes(did) && !isUp)
        throw new Error(`a client is told that ${instance} is ${did}, it is ${found}`);
      if (did === "stopped" && state.shutdown === null && !this.mayRunAgain && (isUp || found === "starting"))
        throw new Error(`a client is told that ${instance} is stopped, it is ${found}`);
    }
  }

  private checkFinish(state: State, nowMs: number): void {
    const { shutdown } = state;
    if (shutdown === null) throw new Error("check: finished without a shutdown");
    if (nowMs > shutdown.deadlineMs + killMs) {
      throw new Error(`check: the shutdown took ${nowMs - shutdown.deadlineMs} ms more than its bound`);
    }
    if (state.requests.length > 0) throw new Error("check: requests are left open at the end");
  }
}
