/** A configuration read by the client itself, with the defaults of the role that it is meant for. */

import { hostFiles, hostYaml } from "../config/host-files.ts";
import { type LoadResult, loadPlan } from "../config/load.ts";
import { ExitCode, Role } from "../contract.ts";
import { instanceNameOf } from "../control/socket-path.ts";
import { ClientEnd } from "./client-end.ts";
import type { Context, OptionSpec } from "./command.ts";
import { Connection, socketCandidates } from "./connection.ts";
import { printError, variable } from "./output.ts";

export const roleOption: OptionSpec = {
  name: "--role",
  short: "",
  value: "ROLE",
  choices: ["vm", "container", "laptop"],
  help: "vm, container or laptop: whose defaults are used. Default: that of the running gonit, else laptop.",
};

const roles: Record<string, number> = { vm: Role.vm, container: Role.container, laptop: Role.laptop };

/**
 * The file of the command line, else that of the running gonit, else as `gonit up` would find it. `assumed.role` takes the
 * place of the running gonit's.
 */
export function loadForClient(context: Context, assumed: { role?: string } = {}): LoadResult {
  const running = askRunning(context);
  const role = context.options.text("--role") ?? assumed.role ?? (variable("GONIT_ROLE") || running.role);
  if (!Object.hasOwn(roles, role)) {
    printError(`cannot use the role "${role}": it is none of vm, container, laptop`);
    throw new ClientEnd(ExitCode.usage);
  }
  const options = {
    role: roles[role] as number,
    path: context.words[0] ?? running.path,
    workingDirectory: host.workingDirectory(),
    environment: host.environment(),
    instanceName: (path: string) => context.options.text("--instance") ?? instanceNameOf(path),
  };
  return loadPlan(options, hostFiles, hostYaml);
}

function askRunning(context: Context): { role: string; path: string | null } {
  const connection = Connection.open(socketCandidates(context));
  if (typeof connection === "number") return { role: "laptop", path: null };
  const answer = connection.request("version", {});
  connection.close();
  if ("error" in answer) return { role: "laptop", path: null };
  const { role, configuration } = answer.result;
  return { role, path: configuration.startsWith("/") ? configuration : null };
}

/** The problems for people, and how the verb ends. */
export function reportProblems(context: Context, result: Extract<LoadResult, { problems: string[] }>): number {
  if (context.options.json) {
    host.print(
      1,
      `${JSON.stringify({ ok: false, problems: result.problems, problemCount: result.problemCount, warnings: result.warnings })}\n`,
    );
  } else {
    const count = result.problemCount === 1 ? "1 problem" : `${result.problemCount} problems`;
    host.print(2, `${result.problems.join("\n")}\n`);
    if (result.found) printError(`cannot use the configuration: ${count}`);
  }
  return ExitCode.failed;
}
