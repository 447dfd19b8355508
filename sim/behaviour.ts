/** How simulated processes behave. */

import { Stage } from "../src/contract.ts";
import type { Process } from "./kernel.ts";

export interface SpawnFate {
  afterMs: number;
  /** Stage.none: it runs. */
  stage: number;
  errno: number;
  /** Nothing is ever heard of it until it is taken back. */
  hangs: boolean;
}

export interface LifeFate {
  /** Null: runs until it is told to end. */
  exitsAfterMs: number | null;
  code: number | null;
  signal: number | null;
  /** What stands behind its end: the kernel had no memory for it. */
  because?: string;
  /** Processes that it puts beside itself. */
  extras: number;
  extrasEscape: boolean;
  extrasEndAfterMs: number | null;
  signs: { afterMs: number; sign: "ready" | "line" | "closed" | "error" | "reloading" | "alive" | "hands-over" }[];
}

export interface SignalFate {
  /** Null: it takes no notice. */
  endsAfterMs: number | null;
  /** Null: ended by the signal. */
  code: number | null;
}

/** What becomes of a question who the main process is: one that the program put beside itself, it itself, or nobody yet. */
export interface NamingFate {
  afterMs: number;
  what: "another" | "itself" | "nobody";
  /** Of another: null: it runs until it is told to end. */
  exitsAfterMs: number | null;
  code: number | null;
  signal: number | null;
}

export interface Behaviour {
  /** Numbers of processes that have ended are given again at once, as on a machine with few of them. */
  reusesPids?: boolean;
  spawn(process: Process): SpawnFate;
  life(process: Process): LifeFate;
  signal(process: Process, signal: number): SignalFate;
  /** When an extra process ends after a signal; null: not at all. */
  extraSignal(unit: string, signal: number): number | null;
  /** Null: never answered. */
  probe(unit: string, nth: number, tries: number): { afterMs: number; ok: boolean } | null;
  /** An answer of its health; left out: always a yes. */
  health?(unit: string, nth: number, tries: number): { afterMs: number; ok: boolean };
  /** Left out: the question is answered from outside. */
  naming?(unit: string, nth: number): NamingFate | null;
  /** A reload signal: whether the program handles it, and when the manager hears of that; left out: it does, at once. */
  handles?(process: Process, nth: number): { afterMs: number; isHandled: boolean };
  /** How long a look at a tree takes. */
  treeMs(): number;
  /** What stands behind "cannot start NAME:"; left out where nobody reads it. */
  failureDetail?(process: Process, stage: number, errno: number): string;
}

export const runs: SpawnFate = { afterMs: 1, stage: Stage.none, errno: 0, hangs: false };

export const lives: LifeFate = {
  exitsAfterMs: null,
  code: 0,
  signal: null,
  extras: 0,
  extrasEscape: false,
  extrasEndAfterMs: null,
  signs: [],
};

export function fails(stage: number, errno: number): SpawnFate {
  return { afterMs: 1, stage, errno, hangs: false };
}
