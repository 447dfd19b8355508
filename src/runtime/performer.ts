/**
 * Performs the effects of the engine. Each kind of effect has its file (perform-<kind>.ts); this one holds what they
 * share and the switch over all kinds.
 */

import type { Effect } from "../engine/effect.ts";
import type { Event } from "../engine/event.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";
import type { Cgroups } from "./cgroups.ts";
import type { LogStore } from "./log-store.ts";
import type { NotifySockets } from "./notify.ts";
import type { OwnLog } from "./own-log.ts";
import type { Processes } from "./processes.ts";
import type { InstanceFacts } from "./service-environment.ts";
import type { ServiceSockets } from "./service-sockets.ts";
import type { RuntimeTickets } from "./tickets.ts";
import type { Timers } from "./timers.ts";
import type { Watches } from "./watches.ts";

/** What the performers of effects work with. One for the life of a manager. */
export interface Shell {
  processes: Processes;
  timers: Timers;
  watches: Watches;
  logs: LogStore;
  ownLog: OwnLog;
  notify: NotifySockets;
  sockets: ServiceSockets;
  tickets: RuntimeTickets;
  facts: InstanceFacts;
  /** gonit's own environment. */
  inherited: Map<string, string>;
  /** Signal that services get when init dies, 0 for none. */
  parentDeathSignal: number;
  cgroups: Cgroups;
  /** `init -- CMD`: the one command has our terminal to itself. */
  plain: boolean;
  /** Hands an event to the engine, in the next step. */
  emit(event: Event): void;
  service(name: string): ServicePlan | undefined;
  /** Ticket of the main process of a start: its own, unless the service has named another process. */
  mainTicket(start: Ticket): Ticket;
  plan(): Plan;
}

/** Performs one kind of effect. */
export type Perform<Kind extends Effect["kind"]> = (effect: Extract<Effect, { kind: Kind }>) => void;

export type Performers = { [Kind in Effect["kind"]]: Perform<Kind> };

export function performEffect(performers: Performers, effect: Effect): void {
  // The table has an entry of the right type for every kind; the compiler cannot follow the pairing.
  (performers[effect.kind] as (effect: Effect) => void)(effect);
}

/** A service that an effect names stands in the plan; a removed one was stopped before it was taken out. */
export function serviceOf(shell: Shell, instance: InstanceId): ServicePlan {
  const service = shell.service(instance.service);
  if (service === undefined) throw new Error(`the plan has no service ${instance.service}`);
  return service;
}
