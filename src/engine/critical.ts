/** The end for good of a critical service ends the system, with its code. */

import { ExitCode, Role, ShutdownMode } from "../contract.ts";
import { type Engine, log, type Node, note } from "./engine.ts";
import { startErrorExitCode } from "./permanent.ts";
import type { Plan } from "./plan.ts";
import { beginShutdown } from "./shutdown.ts";
import type { End } from "./state.ts";
import { isOnTrial } from "./transaction.ts";
import { endText } from "./words.ts";

const signalExitCodeBase = 128;

/** What a container ends with because of this end. */
export function exitCodeOf(end: End): number {
  if (end.cause === "spawn-failed") return startErrorExitCode(end.stage, end.errno);
  if (end.cause !== "exited") return ExitCode.failed;
  if (end.signal !== null) return signalExitCodeBase + end.signal;
  // What a daemon that had forked ended with is not known. "exited 0 before ready" is a failed start: 0 would hide it.
  return end.code === null || (end.code === 0 && !end.wasReady) ? ExitCode.failed : end.code;
}

export function critical(engine: Engine, node: Node, end: End): void {
  const mode = node.plan.critical;
  if (mode === "no" || engine.state.shutdown !== null) return;
  // The apply that changed it is taken back because of this, and that mends it.
  if (node.unit.state === "failed" && isOnTrial(engine, node)) return;
  // A task that has done its work needs no rescue.
  if (mode === "rescue" && node.unit.state === "done" && node.plan.type === "task") return;
  const reason = `critical service ${node.unit.name} ${node.unit.state === "done" ? "is done" : "failed"}: ${endText(end)}`;
  note(engine, node, "critical", mode);
  if (mode === "rescue" && (engine.state.plan as Plan).role === Role.vm) {
    // The terminals service offers the shell; all else is left as it is, so that the fault can be looked at.
    log(engine, "error", "Critical service ended, the system is left as it is", { reason, service: node.unit.name });
    return;
  }
  beginShutdown(engine, { mode: shutdownMode(mode), exitCode: exitCodeOf(end), reason });
}

function shutdownMode(mode: string): number {
  if (mode === "reboot") return ShutdownMode.reboot;
  return mode === "poweroff" ? ShutdownMode.poweroff : ShutdownMode.exit;
}
