/** `gonit status --ledger`: what init and the child slots say, read from memory, with no manager at all. */

import { ExitCode } from "../contract.ts";
import type { Context } from "./command.ts";
import { print, printError } from "./output.ts";

export function ledgerStatus(context: Context): number {
  const written = context.options.text("--pid");
  const pid = written === null ? findInit() : Number(written);
  if (pid === null || !Number.isInteger(pid) || pid <= 0) {
    printError("cannot read the ledger: no gonit was found; name its init with --pid");
    return ExitCode.unreachable;
  }
  const status = host.ledgerStatus(pid);
  if (typeof status === "number") {
    printError(`cannot read the ledger of process ${pid}: ${host.errnoText(status)}`);
    return status === -13 || status === -1 ? ExitCode.refused : ExitCode.unreachable;
  }
  print(status);
  return ExitCode.ok;
}

/** The process whose name is `gonit: init`: the nearest ancestor, else the only one, else process 1. */
function findInit(): number | null {
  const names = host.listDirectory("/proc");
  if (typeof names === "number") return null;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const line = host.readFile(`/proc/${name}/cmdline`, 4096);
    if (typeof line !== "number" && host.decodeUtf8(line).startsWith("gonit: init")) return Number(name);
  }
  return null;
}
