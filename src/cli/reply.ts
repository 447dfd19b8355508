/** Prints how a request ended, one line for each service. */

import { ExitCode } from "../contract.ts";
import type { Reply, RequestResult } from "../engine/effect.ts";
import type { Context } from "./command.ts";
import { print, printError, printJson } from "./output.ts";

/** Returns the exit code. */
export function showReply(context: Context, reply: Reply): number {
  if (context.options.json) printJson(reply);
  else showText(context, reply);
  if (reply.outcome === "done") return ExitCode.ok;
  if (reply.outcome === "timed-out") return ExitCode.timedOut;
  if (reply.outcome === "unknown-name") return ExitCode.noSuchService;
  if (reply.outcome === "refused") return ExitCode.refused;
  return ExitCode.failed;
}

function showText(context: Context, reply: Reply): void {
  if ("results" in reply) for (const result of reply.results) print(resultLine(result));
  const what = `cannot ${context.verb} ${context.words.join(" ")}`.trimEnd();
  if (reply.outcome === "failed" || reply.outcome === "timed-out" || reply.outcome === "refused") {
    printError(`${what}: ${reply.reason}`);
  } else if (reply.outcome === "rolled-back") {
    printError(`${what}: ${reply.reason}; the configuration before is in place again`);
    for (const line of reply.lines) host.print(2, `  ${reply.service} | ${line}\n`);
  } else if (reply.outcome === "replaced") {
    printError(`${what}: replaced by the newer request ${reply.by}`);
  } else if (reply.outcome === "unknown-name") {
    printError(`${what}: there is no service ${reply.names.join(", ")}`);
  }
}

function resultLine(result: RequestResult): string {
  const pid = result.pid === null ? "" : ` (pid ${result.pid})`;
  const isSaid = result.reason === "" || result.reason === `is ${result.did}`;
  const reason = isSaid ? "" : `: ${result.reason}`;
  return `${result.instance}: ${result.did === "" ? result.state : result.did}${pid}${reason}`;
}
