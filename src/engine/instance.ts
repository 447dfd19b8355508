/**
 * Who is who. A service may run as several replicas; an instance is one of them. A ticket is the number of one thing
 * that was started (a process, a timer, a probe, a look at a tree): unique over restarts of the manager, so that a late
 * answer can never be taken for another's.
 */

export interface InstanceId {
  /** Name of the unit: web, or web@2 for a replica. */
  service: string;
  /** From 1. */
  replica: number;
}

/** Life of the manager × 2^32 + running number: fits a double exactly for 2 million lives. */
export type Ticket = number;

export const TICKETS_PER_LIFE = 2 ** 32;

/** As it stands in child slots, logs and messages: the name of the unit. */
export function instanceKey(id: InstanceId): string {
  return id.service;
}

/** The reverse of instanceKey(). */
export function parseInstanceKey(key: string): InstanceId {
  const replica = Number(key.slice(familyOf(key).length + 1));
  return { service: key, replica: replica > 0 ? replica : 1 };
}

/** What the configuration calls it: `web` for `web@2`, which no service can be called, since @ is not allowed in names. */
export function familyOf(name: string): string {
  return name.includes("@") ? name.replace(/@[1-9]\d*$/, "") : name;
}
