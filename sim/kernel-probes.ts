/** Probes of readiness and of health, and watches of logs, as a Behaviour answers them. */

import type { Effect } from "../src/engine/effect.ts";
import type { Ticket } from "../src/engine/instance.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Kernel } from "./kernel.ts";

const logIntervalMs = 250;

interface Probe {
  unit: string;
  nth: number;
  isLog: boolean;
  intervalMs: number;
  /** Goes on after a yes; null: readiness. */
  steadyMs: number | null;
  isGood: boolean;
  hadYes: boolean;
}

export class Probes {
  private readonly kernel: Kernel;
  private readonly behaviour: Behaviour;
  private readonly probes = new Map<Ticket, Probe>();

  constructor(kernel: Kernel, behaviour: Behaviour) {
    this.kernel = kernel;
    this.behaviour = behaviour;
  }

  start(effect: Extract<Effect, { kind: "start-probe" | "watch-log" }>): void {
    const unit = effect.instance.service;
    const isLog = effect.kind === "watch-log";
    const steadyMs = isLog ? null : effect.steadyMs;
    const nth = this.kernel.countUp(`${unit}/${steadyMs === null ? "probe" : "health"}`);
    const intervalMs = isLog ? logIntervalMs : effect.probe.intervalMs;
    const probe: Probe = { unit, nth, isLog, intervalMs, steadyMs, isGood: false, hadYes: false };
    this.probes.set(effect.ticket, probe);
    if (steadyMs === null) this.tryReadiness(effect.ticket, probe, 0);
    else this.tryHealth(effect.ticket, probe, 0);
  }

  stop(ticket: Ticket): void {
    this.probes.delete(ticket);
  }

  clear(): void {
    this.probes.clear();
  }

  private tryHealth(ticket: Ticket, probe: Probe, tries: number): void {
    const { afterMs, ok } = this.behaviour.health?.(probe.unit, probe.nth, tries) ?? { afterMs: 0, ok: true };
    this.after(afterMs, ticket, probe, () => {
      if (!ok) this.kernel.tellManager({ kind: "probe-failed", ticket, reason: "no" });
      else if (!probe.isGood) this.kernel.tellManager({ kind: "probe-succeeded", ticket });
      probe.isGood = ok;
      probe.hadYes ||= ok;
      const pauseMs = probe.hadYes ? (probe.steadyMs as number) : probe.intervalMs;
      this.after(pauseMs, ticket, probe, () => this.tryHealth(ticket, probe, tries + 1));
    });
  }

  private tryReadiness(ticket: Ticket, probe: Probe, tries: number): void {
    const fate = this.behaviour.probe(probe.unit, probe.nth, tries);
    if (fate === null) return;
    this.after(fate.afterMs, ticket, probe, () => {
      if (fate.ok) {
        this.probes.delete(ticket);
        this.kernel.tellManager({ kind: probe.isLog ? "log-matched" : "probe-succeeded", ticket });
        return;
      }
      if (!probe.isLog) this.kernel.tellManager({ kind: "probe-failed", ticket, reason: "not yet" });
      this.after(logIntervalMs, ticket, probe, () => this.tryReadiness(ticket, probe, tries + 1));
    });
  }

  /** Unless it was stopped meanwhile. */
  private after(ms: number, ticket: Ticket, probe: Probe, action: () => void): void {
    this.kernel.later(this.kernel.nowMs + ms, () => {
      if (this.probes.get(ticket) === probe) action();
    });
  }
}
