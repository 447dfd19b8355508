/**
 * Who is who. A service may run as several replicas; an instance is one of them. A ticket is the number of one thing
 * that was started (a process, a timer, a probe, a look at a tree): unique over restarts of the manager, so that a late
 * answer can never be taken for another's.
 */

export interface InstanceId {
  service: string;
  /** From 1. */
  replica: number;
}

/** Life of the manager × 2^32 + running number: fits a double exactly for 2 million lives. */
export type Ticket = number;

export const TICKETS_PER_LIFE = 2 ** 32;

/** `web` for the first replica, `web@2` for the second: as it stands in child slots, logs and messages. */
export function instanceKey(id: InstanceId): string {
  return id.replica === 1 ? id.service : `${id.service}@${id.replica}`;
}

/** The reverse of instanceKey(). */
export function parseInstanceKey(key: string): InstanceId {
  const at = key.lastIndexOf("@");
  const replica = at > 0 ? Number(key.slice(at + 1)) : Number.NaN;
  return Number.isInteger(replica) && replica > 0
    ? { service: key.slice(0, at), replica }
    : { service: key, replica: 1 };
}
