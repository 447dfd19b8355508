import { ExitCode, Role, RoleFd, ShutdownMode } from "../contract.ts";
import { kernelOptions } from "./kernel-options.ts";
import { Manager } from "./manager.ts";
import { parseOptions } from "./options.ts";

/** Starts the manager with what init was started with; ends only with its process. */
export function runManager(): void {
  const isMachine = host.role() === Role.vm;
  const parsed = isMachine
    ? { options: kernelOptions((name) => host.kernelWord(name)) }
    : parseOptions(host.args(), host.role() !== Role.laptop);
  if ("error" in parsed) {
    host.print(2, `gonit: ${parsed.error}; see gonit help up\n`);
    host.finishShutdown(ShutdownMode.exit, ExitCode.usage, 0);
    host.watch(RoleFd.init, 0);
    for (;;) host.poll(-1);
  }
  new Manager(parsed.options).run();
}
