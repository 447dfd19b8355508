import type { Event } from "../src/engine/event.ts";
import type { InstanceId, Ticket } from "../src/engine/instance.ts";

export type NotifyMessage = Extract<Event, { kind: "notify-received" }>;

/** A message to the notify socket that says nothing but `fields`. */
export function notifyMessage(
  from: { instance: InstanceId; ticket: Ticket },
  fields: Partial<NotifyMessage>,
): NotifyMessage {
  return {
    kind: "notify-received",
    instance: from.instance,
    ticket: from.ticket,
    ready: false,
    reloading: false,
    stopping: false,
    status: null,
    mainPid: null,
    errno: null,
    extendTimeoutMs: null,
    watchdog: "",
    watchdogMs: null,
    ...fields,
  };
}
