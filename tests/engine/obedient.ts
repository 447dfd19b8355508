/** Services that do what their plan says: they become ready, tasks end well, and whoever is told to stop stops. */
import {
  type Behaviour,
  type LifeFate,
  lives,
  type NamingFate,
  runs,
  type SignalFate,
  type SpawnFate,
} from "../../sim/behaviour.ts";
import type { Process } from "../../sim/kernel.ts";
import { ProcessKind } from "../../src/contract.ts";
import type { ServicePlan } from "../../src/engine/plan.ts";

export class Obedient implements Behaviour {
  /** By name, as they are now. */
  services = new Map<string, ServicePlan>();

  spawn(): SpawnFate {
    return { ...runs, afterMs: 1 };
  }

  life({ unit, kind }: Process): LifeFate {
    const plan = this.services.get(unit);
    if (kind !== ProcessKind.main) return { ...lives, exitsAfterMs: 2, code: 0 };
    if (plan?.type === "task" || plan?.ready.kind === "exit")
      return { ...lives, exitsAfterMs: 10, code: 0, extras: plan.pidFile === "" ? 0 : 1 };
    const sign = plan?.ready.kind === "notify" ? "ready" : plan?.ready.kind === "fd" ? "line" : null;
    return { ...lives, signs: sign === null ? [] : [{ afterMs: 5, sign }] };
  }

  naming(unit: string): NamingFate {
    const what = this.services.get(unit)?.ready.kind === "exit" ? "another" : "itself";
    return { afterMs: 1, what, exitsAfterMs: null, code: null, signal: null };
  }

  signal(): SignalFate {
    return { endsAfterMs: 1, code: 0 };
  }

  extraSignal(): number {
    return 0;
  }

  probe(): { afterMs: number; ok: boolean } {
    return { afterMs: 1, ok: true };
  }

  treeMs(): number {
    return 0;
  }
}
