/**
 * When a machine's console gets the rescue shell: while a service with `critical: rescue` has ended for good, or while there is
 * no configuration to run. init starts the shell as long as it holds a text named "rescue", the reason.
 */

import { engineOf } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { isUp } from "../engine/unit.ts";
import { heldText, holdText } from "./held-text.ts";

const heldName = "rescue";

export class Rescue {
  /** What init was told last; empty: no shell. */
  private told: string;
  /** Why there is nothing to run; until a plan with services comes. */
  private asked: string;
  private plan: Plan | null = null;
  private watched: string[] = [];
  private terminals: string[] = [];

  constructor(held: { name: string; fd: number }[]) {
    const entry = held.find(({ name }) => name === heldName);
    this.told = entry === undefined ? "" : (heldText(entry.fd) ?? "");
    this.asked = this.told;
  }

  /** There is nothing to run. */
  ask(reason: string): void {
    this.asked = reason;
  }

  afterTurn(state: State): void {
    if (state.plan === null) return;
    if (state.plan !== this.plan) this.usePlan(state.plan);
    const reason = this.reason(state);
    if (reason === this.told) return;
    this.told = reason;
    if (reason === "") host.releaseHeld(heldName);
    else holdText(heldName, reason);
  }

  private usePlan(plan: Plan): void {
    this.plan = plan;
    this.watched = plan.services.filter(({ critical }) => critical === "rescue").map(({ name }) => name);
    this.terminals = plan.services.filter(({ command }) => command?.builtin === "terminals").map(({ name }) => name);
    if (plan.services.length > 0) this.asked = "";
  }

  private reason(state: State): string {
    if (this.asked !== "") return this.asked;
    if (this.watched.length === 0) return "";
    const { byName } = engineOf(state);
    const failed = this.watched.find((name) => {
      const node = byName.get(name);
      const state = node?.unit.state;
      return state === "failed" || (state === "done" && node?.plan.type !== "task");
    });
    if (failed === undefined) return "";
    // Where somebody can log in, the console is theirs.
    const hasTerminal = this.terminals.some((name) => {
      const node = byName.get(name);
      return node !== undefined && isUp(node.unit);
    });
    if (hasTerminal) return "";
    const why = byName.get(failed)?.unit.failedBecause ?? "";
    return `${failed} ${why === "" ? "has ended" : `failed: ${why}`}. See gonit why ${failed}; mend it, then gonit start ${failed}`;
  }
}
