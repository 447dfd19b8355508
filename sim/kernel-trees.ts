/** Who waits for the processes of a start to be gone, or to be killed. */

import { SignalScope } from "../src/contract.ts";
import type { Ticket } from "../src/engine/instance.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Kernel } from "./kernel.ts";

const unkillableMs = 2000;

interface Wait {
  ticket: Ticket;
  start: Ticket;
  scope: number;
  kill: boolean;
  told: boolean;
}

export class TreeWaits {
  private readonly kernel: Kernel;
  private readonly behaviour: Behaviour;
  private readonly waits = new Map<Ticket, Wait>();

  constructor(kernel: Kernel, behaviour: Behaviour) {
    this.kernel = kernel;
    this.behaviour = behaviour;
  }

  /** Told when all of them have ended, and once that some have not. */
  begin(ticket: Ticket, start: Ticket): void {
    this.add({ ticket, start, scope: SignalScope.tree, kill: false, told: false });
  }

  /** They got SIGKILL: told when they have ended, or that they outlive it. */
  beginKill(ticket: Ticket, start: Ticket, scope: number): void {
    const wait: Wait = { ticket, start, scope, kill: true, told: false };
    this.add(wait);
    this.kernel.later(this.kernel.nowMs + unkillableMs, () => {
      if (this.waits.get(ticket) !== wait || wait.told) return;
      wait.told = true;
      this.kernel.tellManager({ kind: "tree-unkillable", ticket, pids: this.kernel.pidsOf(start) });
    });
  }

  forget(ticket: Ticket): void {
    this.waits.delete(ticket);
  }

  clear(): void {
    this.waits.clear();
  }

  /** A process of the start has ended. */
  lookAt(start: Ticket): void {
    for (const wait of this.waits.values()) if (wait.start === start) this.lookLater(wait);
  }

  private add(wait: Wait): void {
    this.waits.set(wait.ticket, wait);
    this.lookLater(wait);
  }

  private lookLater(wait: Wait): void {
    this.kernel.later(this.kernel.nowMs + this.behaviour.treeMs(), () => this.look(wait));
  }

  private look(wait: Wait): void {
    const { ticket, start, scope } = wait;
    if (this.waits.get(ticket) !== wait) return;
    const pids = scope === SignalScope.process ? this.kernel.mainPid(start) : this.kernel.pidsOf(start);
    if (pids.length === 0) {
      this.waits.delete(ticket);
      this.kernel.tellManager({ kind: "tree-emptied", ticket });
    } else if (!wait.kill && !wait.told) {
      wait.told = true;
      this.kernel.tellManager({ kind: "tree-remains", ticket, pids, how: "mark" });
    }
  }
}
