/**
 * Signals that init received. init only counts them, so none is lost while there is no manager; here they get their
 * meaning by the role, or go on to the command of a plain init.
 */

import type { Event } from "../engine/event.ts";
import type { RoleTraits } from "./role-table.ts";

const SIGCHLD = 17;
const forcedExitCode = 130;
/** However often a signal came while nobody looked: a second one may mean something else than a first. */
const repeatsMax = 2;

export class InitSignals {
  private seen: number[];

  constructor(seen: number[]) {
    this.seen = seen;
  }

  /** What came since the last look, as numbers in ascending order; empty when nothing did. */
  take(): { signals: number[]; counters: number[] } | null {
    const counters = host.signals();
    const signals: number[] = [];
    for (let signal = 1; signal < counters.length; signal++) {
      const fresh = (counters[signal] ?? 0) - (this.seen[signal] ?? 0);
      for (let count = 0; count < Math.min(fresh, repeatsMax); count++) if (signal !== SIGCHLD) signals.push(signal);
    }
    if (signals.length === 0) return null;
    this.seen = counters;
    return { signals, counters };
  }
}

/** The event for a signal, or null for one that means nothing in this role. */
export function signalEvent(traits: RoleTraits, signal: number, isStopping: boolean): Event | null {
  const meaning = traits.signals[signal];
  if (meaning === undefined) return null;
  if (meaning.meaning !== "shutdown") {
    return { kind: "signal-received", signal, meaning: meaning.meaning, exitCode: null, mode: 0 };
  }
  if (isStopping && meaning.again === "ignore") return null;
  return isStopping
    ? { kind: "signal-received", signal, meaning: "force", exitCode: forcedExitCode, mode: meaning.mode }
    : { kind: "signal-received", signal, meaning: "stop", exitCode: null, mode: meaning.mode };
}
