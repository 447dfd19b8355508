/** Processes that behave as a scenario's lines say; unless told otherwise they run, end at once when asked, and obey. */

import { ProcessKind, Stage } from "../src/contract.ts";
import { type Behaviour, type LifeFate, lives, runs, type SignalFate, type SpawnFate } from "./behaviour.ts";
import type { Process } from "./kernel.ts";

const SIGKILL = 9;

/** Stage and errno by the names that scenarios use. */
export const spawnFaults: Record<string, [number, number]> = {
  "not-found": [Stage.exec, 2],
  "not-executable": [Stage.exec, 13],
  "input-output": [Stage.exec, 5],
  "no-process": [Stage.clone, 11],
  "no-user": [Stage.lookupUser, 2],
};

export interface Script {
  spawnFault: string;
  hangs: boolean;
  /** Signals that the main process takes no notice of. */
  ignores: number[];
  /** It has no handler for its reload signal. */
  isDeaf: boolean;
  endsAfterMs: number;
  /** SIGKILL takes this long. */
  killMs: number;
  extras: number;
  extrasIgnore: boolean;
  extrasEndAfterMs: number | null;
  /** Exit code and time of pre_start, post_stop, stop and reload commands. */
  commands: Map<number, { code: number; afterMs: number | null; fault: string }>;
  /** Number of probes that say no first; -1: all. */
  probesFail: number;
  /** Number of answers of its health that say no from now on; -1: all. */
  healthFails: number;
}

export function newScript(): Script {
  return {
    spawnFault: "",
    hangs: false,
    ignores: [],
    isDeaf: false,
    endsAfterMs: 0,
    killMs: 0,
    extras: 0,
    extrasIgnore: false,
    extrasEndAfterMs: null,
    commands: new Map(),
    probesFail: 0,
    healthFails: 0,
  };
}

export class Scripted implements Behaviour {
  private readonly scripts = new Map<string, Script>();

  of(unit: string): Script {
    let script = this.scripts.get(unit);
    if (script === undefined) {
      script = newScript();
      this.scripts.set(unit, script);
    }
    return script;
  }

  spawn({ unit, kind }: Process): SpawnFate {
    const script = this.of(unit);
    const fault = kind === ProcessKind.main ? script.spawnFault : (script.commands.get(kind)?.fault ?? "");
    const [stage, errno] = spawnFaults[fault] ?? [Stage.none, 0];
    return { ...runs, afterMs: 0, stage, errno, hangs: kind === ProcessKind.main && script.hangs };
  }

  life({ unit, kind }: Process): LifeFate {
    const script = this.of(unit);
    if (kind !== ProcessKind.main) {
      const command = script.commands.get(kind) ?? { code: 0, afterMs: 0 };
      return { ...lives, exitsAfterMs: command.afterMs, code: command.code };
    }
    return { ...lives, extras: script.extras, extrasEndAfterMs: script.extrasEndAfterMs };
  }

  signal({ unit, kind }: Process, signal: number): SignalFate {
    const script = this.of(unit);
    if (signal === SIGKILL) return { endsAfterMs: script.killMs, code: null };
    if (kind === ProcessKind.main && script.ignores.includes(signal)) return { endsAfterMs: null, code: null };
    return { endsAfterMs: script.endsAfterMs, code: null };
  }

  handles({ unit }: Process): { afterMs: number; isHandled: boolean } {
    return { afterMs: 0, isHandled: !this.of(unit).isDeaf };
  }

  extraSignal(unit: string, signal: number): number | null {
    const script = this.of(unit);
    if (signal === SIGKILL) return script.killMs;
    return script.extrasIgnore ? null : 0;
  }

  probe(unit: string, _nth: number, tries: number): { afterMs: number; ok: boolean } {
    const { probesFail } = this.of(unit);
    return { afterMs: 0, ok: probesFail >= 0 && tries >= probesFail };
  }

  health(unit: string): { afterMs: number; ok: boolean } {
    const script = this.of(unit);
    const ok = script.healthFails === 0;
    if (script.healthFails > 0) script.healthFails--;
    return { afterMs: 0, ok };
  }

  treeMs(): number {
    return 0;
  }
}
