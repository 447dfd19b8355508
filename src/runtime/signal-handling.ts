/**
 * Whether a program handles a signal, as /proc/PID/status tells (proc(5)): a reload signal that nobody handles ends the
 * service, or does nothing.
 */

import { SignalScope } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { Node } from "../engine/engine.ts";
import type { Shell } from "./performer.ts";

const statusBytes = 16 * 1024;

/** null: it cannot be seen. A blocked signal counts as handled: it is waited for with sigwait(3) or signalfd(2). */
function handlesSignal(pid: number, signal: number): boolean | null {
  const data = host.readFile(`/proc/${pid}/status`, statusBytes);
  if (typeof data === "number") return null;
  const text = host.decodeUtf8(data);
  const masks = [/^SigCgt:\s*([0-9a-f]+)$/m, /^SigBlk:\s*([0-9a-f]+)$/m].map((line) => line.exec(text)?.[1]);
  if (masks.every((mask) => mask === undefined)) return null;
  return masks.some((mask) => mask !== undefined && hasSignal(mask, signal));
}

/** Masks are hexadecimal, signal 1 is the lowest bit. */
function hasSignal(mask: string, signal: number): boolean {
  const digit = mask.length - 1 - Math.floor((signal - 1) / 4);
  return digit >= 0 && (Number.parseInt(mask.charAt(digit), 16) & (1 << ((signal - 1) % 4))) !== 0;
}

/** Why these services must not get their reload signal, in one line; empty when all may. One that is not ready waits. */
export function unheardReload(nodes: readonly Node[]): string {
  for (const { unit, plan } of nodes) {
    const { run } = unit;
    if (plan.reload.kind !== "signal" || run === null || run.main !== "running" || unit.state !== "ready") continue;
    if (handlesSignal(run.pid, plan.reload.signal) !== false) continue;
    const name = host.signalName(plan.reload.signal);
    return (
      `${unit.name} (pid ${run.pid}) does not handle ${name}, so no service was reloaded; ` +
      `change its reload: in the configuration, or restart it with gonit restart ${unit.name}`
    );
  }
  return "";
}

/** A reload that waited until its service was ready: the last look before the signal is sent. */
export function reachesHandler(shell: Shell, effect: Extract<Effect, { kind: "signal" }>): boolean {
  if (effect.scope !== SignalScope.process) return true;
  const pid = shell.processes.pidOf(effect.ticket);
  if (pid === 0 || handlesSignal(pid, effect.signal) !== false) return true;
  shell.ownLog.write("warn", "Did not reload service", {
    reason: `pid ${pid} does not handle ${host.signalName(effect.signal)}`,
    service: effect.instance.service,
  });
  return false;
}
