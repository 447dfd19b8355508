import { ExitCode } from "../contract.ts";
import { type NetworkingInterface, type NetworkingStatus, networkingStatusPath } from "../control/networking-status.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { print, printError, printJson, shownDuration, table } from "./output.ts";

const statusBytes = 1024 * 1024;

export const command: Command = {
  usage: "networking status",
  about:
    "Shows what the built-in service networking has set up: interfaces, addresses, leases, name servers. Ends with 3 " +
    "when the service does not run.",
  options: [],
  examples: ["gonit networking status", "gonit networking status --json"],
  run,
};

function run(context: Context): number {
  if (context.words.join(" ") !== "status") {
    printError("cannot do this with the networking: there is gonit networking status");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const { services } = ask(context, connection, "status", { names: ["networking"] });
  connection.close();
  const pid = services[0]?.pid ?? null;
  const status = pid === null ? null : readStatus(connection.path, pid);
  if (status === null) {
    printError("cannot show the networking: the service networking does not run, or sets nothing up");
    return ExitCode.notRunning;
  }
  if (context.options.json) printJson(status);
  else print(shown(status, host.now().wallMs));
  return ExitCode.ok;
}

/** null: there is none, or it is of an earlier run of the service. */
function readStatus(socket: string, pid: number): NetworkingStatus | null {
  const path = networkingStatusPath(socket);
  const bytes = path === null ? -1 : host.readFile(path, statusBytes);
  if (typeof bytes === "number") return null;
  const status = JSON.parse(host.decodeUtf8(bytes)) as NetworkingStatus;
  return status.pid === pid ? status : null;
}

function shown(status: NetworkingStatus, wallMs: number): string {
  const rows = [["INTERFACE", "STATE", "ADDRESSES", "GATEWAY", "LEASE", "HARDWARE", "MTU"]];
  for (const one of status.interfaces) {
    const { lease, link } = one;
    const addresses = [...one.addresses, ...(lease === null ? [] : [lease.address])];
    rows.push([
      one.name,
      stateOf(one),
      addresses.join(",") || "-",
      lease?.gateway ?? "-",
      leaseText(one, wallMs),
      link?.hardware ?? "-",
      link === null ? "-" : String(link.mtu),
    ]);
  }
  const lines = status.interfaces.length === 0 ? ["no interfaces are set up"] : [table(rows, (cell) => cell)];
  const { dns, search } = status.resolver;
  if (dns.length > 0) lines.push(`name servers: ${dns.join(" ")}`);
  if (search.length > 0) lines.push(`search: ${search.join(" ")}`);
  if (status.hostname !== "") lines.push(`host name: ${status.hostname}`);
  for (const { problem } of status.interfaces) if (problem !== "") lines.push(problem);
  return lines.join("\n");
}

function stateOf({ link, isReady, dhcp }: NetworkingInterface): string {
  if (link === null) return "missing";
  if (!link.carrier) return "no carrier";
  return isReady ? "ready" : (dhcp ?? "waiting");
}

function leaseText({ lease }: NetworkingInterface, wallMs: number): string {
  if (lease === null) return "-";
  const left = lease.endWallMs === null ? "for ever" : `${shownDuration(lease.endWallMs - wallMs)} left`;
  return `${left}, from ${lease.server}`;
}
