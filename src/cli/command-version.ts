import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { Connection, socketCandidates } from "./connection.ts";
import type { VersionOutput } from "./json-shapes.ts";
import { print, printJson } from "./output.ts";

export const command: Command = {
  usage: "version",
  about: "Shows the version of this binary and, where one answers, of the running gonit.",
  options: [],
  examples: ["gonit version"],
  run,
};

function run(context: Context): number {
  const connection = Connection.open(socketCandidates(context));
  const answer = typeof connection === "number" ? undefined : connection.request("version", {});
  const running = answer !== undefined && "result" in answer ? answer.result : null;
  if (context.options.json) {
    printJson({ version: host.version(), running } satisfies VersionOutput);
    return ExitCode.ok;
  }
  print(`gonit ${host.version()}`);
  if (running !== null) {
    print(
      `running: ${running.version} as ${running.role}, instance ${running.instance}, init pid ${running.pid}, ${running.configuration}`,
    );
  }
  return ExitCode.ok;
}
