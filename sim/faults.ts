/** Processes that misbehave in every way that they can, as a seed says. */

import { ProcessKind, Stage } from "../src/contract.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import { type Behaviour, type LifeFate, lives, type NamingFate, type SignalFate, type SpawnFate } from "./behaviour.ts";
import { hash } from "./chance.ts";
import type { Process } from "./kernel.ts";

const SIGHUP = 1;
const SIGKILL = 9;
const ENOENT = 2;
const EIO = 5;
const EAGAIN = 11;

/** What the behaviour of a process depends on; the plan may be replaced while the world runs. */
export interface Cast {
  service(name: string): ServicePlan | undefined;
}

export class Faults implements Behaviour {
  /** How many faults there were: everything that a well-behaved process would not do. */
  injected = 0;
  readonly reusesPids = true;
  private readonly seed: number;
  private readonly cast: Cast;
  private trees = 0;

  constructor(seed: number, cast: Cast) {
    this.seed = seed;
    this.cast = cast;
  }

  /** 0 to 99, the same for the same question. */
  private roll(what: string, unit: string, nth: number, more = 0): number {
    return hash(this.seed, what, unit, nth, more) % 100;
  }

  private upTo(ms: number, what: string, unit: string, nth: number): number {
    return hash(this.seed, what, unit, nth, "ms") % (ms + 1);
  }

  /** A third of the services hardly ever misbehaves, a third now and then, a third all the time. */
  private temper(unit: string): number {
    return [4, 25, 70][hash(this.seed, "temper", unit) % 3] as number;
  }

  spawn({ unit, nth, kind }: Process): SpawnFate {
    const what = `spawn${kind}`;
    const isSlow = kind === ProcessKind.reload && this.roll(`${what}slow`, unit, nth) < 90;
    const afterMs = this.upTo(isSlow ? 900 : 3, what, unit, nth);
    if (this.roll(what, unit, nth) >= this.temper(unit)) return { afterMs, stage: Stage.none, errno: 0, hangs: false };
    this.injected++;
    const fault = this.roll(`${what}fault`, unit, nth);
    const fails = (stage: number, errno: number) => ({ afterMs: 1 + afterMs, stage, errno, hangs: false });
    if (fault < 8 || (isSlow && fault >= 55)) return fails(Stage.exec, ENOENT);
    if (fault < 25) return fails(Stage.clone, EAGAIN);
    if (fault < 35) return { afterMs, stage: Stage.none, errno: 0, hangs: true };
    if (fault < 45) return fails(Stage.exec, EIO);
    if (fault < 50) return fails(Stage.lookupUser, ENOENT);
    if (fault < 55) return fails(Stage.killed, 0);
    return { afterMs: afterMs * 20, stage: Stage.none, errno: 0, hangs: false };
  }

  life(process: Process): LifeFate {
    const { unit, nth, kind } = process;
    const life = { ...lives, signs: [...lives.signs] };
    const plan = this.cast.service(unit);
    const what = `life${kind}`;
    const isBad = this.roll(what, unit, nth) < this.temper(unit);
    const how = this.roll(`${what}how`, unit, nth);
    if (isBad) this.injected++;
    if (kind !== ProcessKind.main) {
      life.exitsAfterMs =
        isBad && how < 30 ? null : this.upTo(kind === ProcessKind.reload ? 1500 : 40, what, unit, nth);
      life.code = isBad && how < 70 ? 1 : 0;
    } else if (plan?.type === "task" || plan?.ready.kind === "exit" || (plan?.pidFile && how < 70)) {
      life.exitsAfterMs = isBad && how < 20 ? null : this.upTo(300, what, unit, nth);
      life.code = isBad ? 3 : 0;
    } else if (isBad && how < 75) {
      life.exitsAfterMs = this.upTo(how < 40 ? 20 : 2000, what, unit, nth);
      life.code = how % 3 === 0 ? 0 : how % 3 === 1 ? 1 : null;
      life.signal = life.code === null ? 11 : null;
      if (life.code === null && how % 2 === 0) Object.assign(life, { signal: SIGKILL, because: "out of memory" });
    }
    this.addExtras(life, unit, nth, kind);
    if (kind === ProcessKind.main && plan?.pidFile && !isBad) life.extras ||= 2;
    if (kind === ProcessKind.main && plan !== undefined) this.addSigns(life, plan, nth);
    return life;
  }

  private addExtras(life: LifeFate, unit: string, nth: number, kind: number): void {
    const roll = this.roll(`extras${kind}`, unit, nth);
    if (roll >= 25) return;
    this.injected++;
    life.extras = 1 + (roll % 2);
    life.extrasEscape = roll % 4 < 2;
    life.extrasEndAfterMs = roll < 15 ? this.upTo(3000, "extras", unit, nth) : null;
  }

  private addSigns(life: LifeFate, { name, ready, watchdogMs }: ServicePlan, nth: number): void {
    // It shows that it lives for a while; then it is silent.
    if (watchdogMs !== null)
      for (let count = 1; count <= this.roll("alive", name, nth) / 10; count++)
        life.signs.push({ afterMs: (count * watchdogMs) / 2, sign: "alive" });
    const afterMs = this.upTo(60, "sign", name, nth);
    const isBad = this.roll("sign", name, nth) < this.temper(name);
    const how = this.roll("signhow", name, nth);
    if (isBad) this.injected++;
    if (ready.kind === "fd")
      life.signs.push(
        ...(isBad
          ? how < 80
            ? [{ afterMs: afterMs * 15, sign: "closed" as const }]
            : []
          : [{ afterMs, sign: "line" as const }]),
      );
    if (ready.kind !== "notify") return;
    if (how % 5 === 0)
      life.signs.push({ afterMs: afterMs * 2, sign: "hands-over" }, { afterMs: afterMs * 9, sign: "hands-over" });
    if (!isBad) life.signs.push({ afterMs, sign: "ready" });
    else if (how < 30) life.signs.push({ afterMs, sign: "error" });
    if (how >= 60)
      for (let ms = 200; ms < 6000; ms += 400)
        life.signs.push({ afterMs: afterMs + ms, sign: "reloading" }, { afterMs: afterMs + ms + 200, sign: "ready" });
  }

  signal({ unit, nth, kind }: Process, signal: number): SignalFate {
    const what = `signal${kind}-${signal}`;
    const roll = this.roll(what, unit, nth);
    if (signal === SIGKILL) {
      const isStuck = this.temper(unit) > 50 && roll < 6;
      return {
        endsAfterMs: isStuck ? 2500 + this.upTo(4000, what, unit, nth) : this.upTo(3, what, unit, nth),
        code: null,
      };
    }
    if (signal === SIGHUP) return { endsAfterMs: roll < 8 ? 1 : null, code: null };
    if (roll < this.temper(unit)) {
      this.injected++;
      return { endsAfterMs: roll % 2 === 0 ? null : this.upTo(3000, what, unit, nth), code: roll % 3 === 0 ? 1 : 0 };
    }
    return { endsAfterMs: this.upTo(30, what, unit, nth), code: roll % 2 === 0 ? null : 0 };
  }

  handles({ unit }: Process, nth: number): { afterMs: number; isHandled: boolean } {
    const isHandled = this.roll("handles", unit, nth) >= 55;
    if (!isHandled) this.injected++;
    return { afterMs: this.upTo(1000, "handles", unit, nth), isHandled };
  }

  extraSignal(unit: string, signal: number): number | null {
    const roll = this.roll("extra", unit, signal, this.trees);
    if (signal === SIGKILL) return roll < 3 ? 3000 : roll % 3;
    return roll < 40 ? null : this.upTo(200, "extra", unit, signal);
  }

  probe(unit: string, nth: number, tries: number): { afterMs: number; ok: boolean } | null {
    const roll = this.roll("probe", unit, nth, tries);
    if (roll < Math.max(4, this.temper(unit))) this.injected++;
    if (roll < 4) return null;
    return { afterMs: roll % 10, ok: roll >= this.temper(unit) };
  }

  /** Bad answers come in rows, so that they count. */
  health(unit: string, nth: number, tries: number): { afterMs: number; ok: boolean } {
    const row = this.roll("health", unit, nth, Math.floor(tries / 4));
    const ok = row >= this.temper(unit) / 2;
    if (!ok) this.injected++;
    return { afterMs: row % 10, ok };
  }

  naming(unit: string, nth: number): NamingFate | null {
    const roll = this.roll("naming", unit, nth);
    const isBad = roll < this.temper(unit);
    if (isBad) this.injected++;
    const what = isBad && roll % 3 === 1 ? "nobody" : roll % 5 === 0 ? "itself" : "another";
    const code = [0, 1, null][roll % 3] as number | null;
    const exitsAfterMs = isBad ? this.upTo(2000, "daemon", unit, nth) : null;
    return {
      afterMs: this.upTo(120, "naming", unit, nth),
      what,
      exitsAfterMs,
      code,
      signal: code === null ? 11 : null,
    };
  }

  treeMs(): number {
    this.trees++;
    return hash(this.seed, "tree", this.trees) % 3;
  }
}
