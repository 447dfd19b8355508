import { ExitCode, RoleFd, ShutdownMode } from "../contract.ts";
import { Manager } from "./manager.ts";
import { parseOptions } from "./options.ts";

/** Starts the manager with what init was started with; ends only with its process. */
export function runManager(): void {
  const parsed = parseOptions(host.args(), host.role() !== 3);
  if ("error" in parsed) {
    host.print(2, `gonit: ${parsed.error}; see gonit help up\n`);
    host.finishShutdown(ShutdownMode.exit, ExitCode.usage, 0);
    host.watch(RoleFd.init, 0);
    for (;;) host.poll(-1);
  }
  new Manager(parsed.options).run();
}
