import { ExitCode, ShutdownMode } from "../contract.ts";
import { ErrorCode } from "../control/messages.ts";
import type { Command, Context } from "./command.ts";
import { connect } from "./connection.ts";
import { print, printError } from "./output.ts";

const modes: Record<string, number> = {
  shutdown: ShutdownMode.exit,
  down: ShutdownMode.exit,
  poweroff: ShutdownMode.poweroff,
  reboot: ShutdownMode.reboot,
  halt: ShutdownMode.halt,
};

export const command: Command = {
  usage: "shutdown|poweroff|reboot|halt",
  about:
    "Stops all services in order and ends the system. A machine powers off, reboots or halts; a container or a system " +
    "on a laptop exits.",
  options: [
    { name: "--force", short: "-f", value: "", help: "Kill at once instead of asking first." },
    { name: "--no-wait", short: "", value: "", help: "Do not wait for the end." },
  ],
  examples: ["gonit shutdown", "gonit poweroff"],
  run,
};

function run(context: Context): number {
  const mode = context.options.has("-p") ? ShutdownMode.poweroff : modes[context.verb];
  if (mode === undefined || context.words.some((word) => word !== "now")) {
    printError(
      `cannot ${context.verb} ${context.words.join(" ")}: it takes no names; to stop a service: gonit stop NAME`,
    );
    return ExitCode.usage;
  }
  const connection = connect(context);
  const answer = connection.request("act", {
    request: {
      verb: "shutdown",
      mode,
      exitCode: null,
      force: context.options.has("--force"),
      reason: `asked for by gonit ${context.verb}`,
    },
    timeoutMs: null,
    wait: !context.options.has("--no-wait"),
  });
  connection.close();
  if ("error" in answer && answer.error.code !== ErrorCode.internal) {
    printError(`cannot ${context.verb}: ${answer.error.message}`);
    return answer.error.code === ErrorCode.refused ? ExitCode.refused : ExitCode.failed;
  }
  // The end of gonit ends the connection: that is the answer.
  print(context.verb === "reboot" ? "rebooting" : "shutting down");
  return ExitCode.ok;
}
