/** The engine driven by hand: a test gives each answer itself, in whatever order it wants. */

import assert from "node:assert/strict";
import { type NotifyMessage, notifyMessage } from "../../sim/notify-message.ts";
import { system } from "../../sim/plans.ts";
import { Role } from "../../src/contract.ts";
import type { Effect } from "../../src/engine/effect.ts";
import { engineOf } from "../../src/engine/engine.ts";
import type { Event, Request } from "../../src/engine/event.ts";
import { violations } from "../../src/engine/invariants.ts";
import type { ServicePlan } from "../../src/engine/plan.ts";
import { initialState, type Run, type State, type Unit } from "../../src/engine/state.ts";
import { step } from "../../src/engine/step.ts";

type Exited = Extract<Event, { kind: "process-exited" }>;

export class ByHand {
  readonly state: State = initialState();
  /** Looks at all invariants after each event; off where a test counts what the engine looks at. */
  check = true;
  nowMs = 1000;
  random = 1;
  private lastRequest = 2 ** 40;

  constructor(...services: ServicePlan[]) {
    this.event({ kind: "manager-started", life: 1 });
    this.load(...services);
  }

  /** What the engine wants done because of it. */
  event(event: Event): Effect[] {
    return this.events(event);
  }

  /** All in one step. */
  events(...events: Event[]): Effect[] {
    const now = { monotonicMs: this.nowMs, bootMs: this.nowMs, wallMs: this.nowMs };
    const effects = step(this.state, { now, random: this.random, events }).effects.slice();
    if (this.check) assert.deepEqual(violations(this.state, { tables: true }), []);
    return effects;
  }

  load(...services: ServicePlan[]): Effect[] {
    return this.event({ kind: "plan-loaded", plan: system(services, { role: Role.vm }), request: null, only: null });
  }

  /** Loads a plan as a request. */
  apply(...services: ServicePlan[]): Effect[] {
    return this.event({
      kind: "plan-loaded",
      plan: system(services, { role: Role.vm }),
      request: ++this.lastRequest,
      only: null,
    });
  }

  request(request: Request, timeoutMs: number | null = null): Effect[] {
    const peer = { uid: 0, gid: 0, pid: 1 };
    return this.event({ kind: "request-received", id: ++this.lastRequest, peer, request, timeoutMs });
  }

  unit(name: string): Unit {
    return engineOf(this.state).byName.get(name)?.unit as Unit;
  }

  run(name: string): Run {
    return this.unit(name).run as Run;
  }

  /** The main process runs its program. */
  mainStarts(name: string): Effect[] {
    return this.event({ kind: "spawn-succeeded", ticket: this.run(name).start, pid: 100, slot: 1 });
  }

  mainFails(name: string): Effect[] {
    return this.event({ kind: "spawn-failed", ticket: this.run(name).start, stage: 1, errno: 2, detail: "" });
  }

  mainEnds(name: string, code: number | null, fields: Partial<Exited> = {}): Effect[] {
    return this.event(exited(this.run(name).start, code, fields));
  }

  /** The newest command beside the main process. */
  auxStarts(name: string): Effect[] {
    return this.event({ kind: "spawn-succeeded", ticket: this.auxTicket(name), pid: 101, slot: 2 });
  }

  auxEnds(name: string, code: number | null, fields: Partial<Exited> = {}): Effect[] {
    return this.event(exited(this.auxTicket(name), code, fields));
  }

  /** A message to the notify socket, as if from the main process. */
  notify(name: string, fields: Partial<NotifyMessage>): Effect[] {
    const from = { instance: { service: name, replica: 1 }, ticket: this.run(name).start };
    return this.event(notifyMessage(from, fields));
  }

  treeEmptied(name: string): Effect[] {
    return this.event({ kind: "tree-emptied", ticket: this.run(name).tree });
  }

  treeRemains(name: string, ...pids: number[]): Effect[] {
    return this.event({ kind: "tree-remains", ticket: this.run(name).tree, pids, how: "mark" });
  }

  treeUnkillable(name: string, ...pids: number[]): Effect[] {
    return this.event({ kind: "tree-unkillable", ticket: this.run(name).tree, pids });
  }

  /** The unit's start or stop limit is over. */
  timerFires(name: string): Effect[] {
    return this.event({ kind: "timer-fired", ticket: this.run(name).timer });
  }

  private auxTicket(name: string): number {
    return this.run(name).aux.at(-1)?.ticket ?? 0;
  }
}

export function exited(ticket: number, code: number | null, fields: Partial<Exited> = {}): Exited {
  return {
    kind: "process-exited",
    ticket,
    pid: 100,
    code,
    signal: null,
    core: false,
    cpuMs: 0,
    maxRssKib: 0,
    lastLines: [],
    ...fields,
  };
}
