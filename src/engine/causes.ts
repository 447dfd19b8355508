/** The bounded memory of what happened and why: a small ring for each unit and one for the whole system. */

import type { Rule } from "./rules.ts";
import type { Ring, State, Unit } from "./state.ts";

const width = 4;
const unitEntries = 16;
const systemEntries = 256;

export interface Cause {
  bootMs: number;
  /** Kind of the event; in the system's ring followed by the unit: `process-exited web`. */
  event: string;
  rule: string;
  effect: string;
}

export function recordCause(
  state: State,
  unit: Unit | null,
  bootMs: number,
  event: string,
  rule: Rule,
  effect: string,
): void {
  if (unit !== null) write(unit.causes, unitEntries, bootMs, event, rule, effect);
  write(state.causes, systemEntries, bootMs, unit === null ? event : `${event} ${unit.name}`, rule, effect);
}

function write(ring: Ring, entries: number, bootMs: number, event: string, rule: string, effect: string): void {
  const at = ring.next * width;
  const items = ring.items;
  items[at] = bootMs;
  items[at + 1] = event;
  items[at + 2] = rule;
  items[at + 3] = effect;
  ring.next = ring.next + 1 === entries ? 0 : ring.next + 1;
}

/** Newest first. */
export function readCauses(ring: Ring): Cause[] {
  const { items } = ring;
  const count = items.length / width;
  const causes: Cause[] = [];
  for (let back = 1; back <= count; back++) {
    const at = ((ring.next - back + count) % count) * width;
    causes.push({
      bootMs: items[at] as number,
      event: items[at + 1] as string,
      rule: items[at + 2] as string,
      effect: items[at + 3] as string,
    });
  }
  return causes;
}
