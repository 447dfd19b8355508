import { ExitCode } from "../contract.ts";
import type { ServiceStatus, SystemStatus } from "../engine/view.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import type { HealthOutput, Trouble } from "./json-shapes.ts";
import { print, printJson } from "./output.ts";

export const command: Command = {
  usage: "health [--ready]",
  about:
    "Tells whether all is well, for probes of a container: ends with 0, or with 1 and the reasons when a service has " +
    "failed, is unhealthy, or is held up. A system that is on its way up is well, but not ready.",
  options: [
    {
      name: "--ready",
      short: "",
      value: "",
      help: "Also ask whether everything that is wanted is ready, and healthy where it has health.",
    },
  ],
  examples: ["gonit health", "gonit health --ready", "gonit health --json"],
  run,
};

function run(context: Context): number {
  const connection = connect(context);
  const status = ask(context, connection, "status", { names: [] });
  connection.close();
  const troubles = troublesOf(status, context.options.has("--ready"));
  if (context.options.json) printJson({ ok: troubles.length === 0, troubles } satisfies HealthOutput);
  else if (troubles.length === 0) print("ok");
  else print(troubles.map(({ service, reason }) => (service === "" ? reason : `${service}: ${reason}`)).join("\n"));
  return troubles.length === 0 ? ExitCode.ok : ExitCode.failed;
}

function troublesOf({ services, shutdown }: SystemStatus, withReady: boolean): Trouble[] {
  const troubles: Trouble[] = [];
  if (withReady && shutdown !== null) troubles.push({ service: "", reason: `the system ends: ${shutdown.mode}` });
  for (const service of services) {
    const reason = troubleOf(service) || (withReady ? unreadyText(service) : "");
    if (reason !== "") troubles.push({ service: service.name, reason });
  }
  return troubles;
}

/** Empty when nothing is wrong with it. */
function troubleOf({ state, shown, reason, marks }: ServiceStatus): string {
  if (state === "failed") return shown;
  if (marks.includes("unkillable") || marks.includes("unhealthy")) return reason;
  return state === "backing-off" || shown === "blocked" ? `${shown}: ${reason}` : "";
}

/** Why something that is wanted cannot be used yet; a task that is done is no trouble. */
function unreadyText({ wanted, state, shown, reason, marks }: ServiceStatus): string {
  if (wanted === "down" || state === "done") return "";
  const isUp = state === "ready" || state === "reloading";
  if (isUp && marks.includes("healthy")) return "";
  return reason === "" ? shown : `${shown}: ${reason}`;
}
