/** Tells once that a machine is up: every service that is to run is ready, and each task is done. */

import { engineOf, type Node } from "../engine/engine.ts";
import type { State } from "../engine/state.ts";
import { heldText, holdText } from "./held-text.ts";

const heldName = "boot";

export type BootState = "booting" | "degraded" | "ready";

/** degraded: nothing is on its way any more, and something failed. */
export function bootState(state: State): BootState {
  const { nodes } = engineOf(state);
  // A machine without a usable configuration has no services, and comes up when it has.
  if (nodes.length === 0 || nodes.some(isOnItsWay)) return "booting";
  return nodes.some(isBroken) ? "degraded" : "ready";
}

function isOnItsWay({ unit }: Node): boolean {
  return unit.state === "starting" || (unit.state === "waiting" && unit.blockedBy === "");
}

function isBroken({ unit }: Node): boolean {
  return unit.state === "failed" || unit.state === "backing-off" || unit.blockedBy !== "";
}

export class BootReport {
  private told: string;

  constructor(held: { name: string; fd: number }[]) {
    const entry = held.find(({ name }) => name === heldName);
    this.told = entry === undefined ? "booting" : (heldText(entry.fd) ?? "booting");
  }

  get isOver(): boolean {
    return this.told === "ready";
  }

  /** The news after a turn, or null: each state is told once, and nothing after "ready". */
  news(state: State): "degraded" | "ready" | null {
    if (this.isOver || state.shutdown !== null) return null;
    const now = bootState(state);
    if (now === "booting" || now === this.told) return null;
    this.told = now;
    holdText(heldName, now);
    return now;
  }
}
