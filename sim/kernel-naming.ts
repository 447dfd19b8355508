/** Open questions which process is the main one of a start: a pid file or a message names it, or nobody. */

import type { Effect } from "../src/engine/effect.ts";
import type { Ticket } from "../src/engine/instance.ts";
import type { Behaviour, NamingFate } from "./behaviour.ts";
import type { Extra, Kernel, Process } from "./kernel.ts";

const askAgainMs = 200;

type Find = Extract<Effect, { kind: "find-main" }>;

export class Naming {
  private readonly kernel: Kernel;
  private readonly behaviour: Behaviour;
  private readonly finds = new Map<Ticket, Find>();

  constructor(kernel: Kernel, behaviour: Behaviour) {
    this.kernel = kernel;
    this.behaviour = behaviour;
  }

  begin(find: Find): void {
    this.finds.set(find.ticket, find);
    const unit = find.instance.service;
    const fate = this.behaviour.naming?.(unit, this.kernel.countUp(`${unit}/naming`)) ?? null;
    if (fate !== null) this.kernel.later(this.kernel.nowMs + fate.afterMs, () => this.answer(find.ticket, fate));
  }

  stop(ticket: Ticket): void {
    this.finds.delete(ticket);
  }

  clear(): void {
    this.finds.clear();
  }

  /** The answer to the open question of a unit. */
  answerFor(unit: string, what: NamingFate["what"]): void {
    for (const { ticket, instance } of this.finds.values())
      if (instance.service === unit)
        this.answer(ticket, { afterMs: 0, what, exitsAfterMs: null, code: null, signal: null });
  }

  private answer(ticket: Ticket, fate: NamingFate): void {
    const find = this.finds.get(ticket);
    if (find === undefined) return;
    const { kernel } = this;
    const main = kernel.processes.get(find.startTicket);
    const extra = [...kernel.extras.values()].find(({ start, dying }) => start === find.startTicket && !dying);
    const isItself = fate.what === "itself" && main?.state === "running";
    if (fate.what === "nobody" || (!isItself && extra === undefined)) {
      this.refuse(find);
      return;
    }
    this.finds.delete(ticket);
    const process = isItself ? (main as Process) : kernel.takeExtra(ticket, find, extra as Extra);
    kernel.durable.push({ kind: "main-named", ticket, pid: process.pid, slot: process.pid % 4096 });
    if (!isItself && fate.exitsAfterMs !== null)
      kernel.schedule.in(fate.exitsAfterMs, () => kernel.end(process, fate.code, fate.signal));
  }

  private refuse(find: Find): void {
    const { ticket } = find;
    this.kernel.tellManager({ kind: "main-refused", ticket, reason: "it is not there" });
    if (find.pid !== 0) this.finds.delete(ticket);
    else if (this.behaviour.naming !== undefined)
      this.kernel.later(this.kernel.nowMs + askAgainMs, () => this.begin(find));
  }
}
