import { ExitCode } from "../contract.ts";
import type { LogFigures, ServiceStatus, SystemStatus } from "../engine/view.ts";
import type { Command, Context } from "./command.ts";
import { ask, connect } from "./connection.ts";
import { ledgerStatus } from "./ledger-status.ts";
import { type Paint, painter, print, printJson, shownBytes, shownDuration, table } from "./output.ts";

export const command: Command = {
  usage: "status [--at T] [NAME…]",
  about:
    "Shows services and their states. With names (globs and tag:NAME work) each of them in full. Ends with 3 when a " +
    "named service does not run. With --at what their states were at a moment, as far back as gonit remembers.",
  options: [
    {
      name: "--at",
      short: "",
      value: "T",
      help: "The states at this moment: 5m (ago), 08:30, 2026-11-25T08:30:00, in UTC.",
    },
    { name: "--ledger", short: "", value: "", help: "Read the ledger in memory: works without a manager." },
    { name: "--pid", short: "", value: "PID", help: "With --ledger: the process number of gonit's init." },
  ],
  examples: ["gonit status", "gonit status web", "gonit status --json 'worker-*'", "gonit status --at 5m"],
  run,
};

function run(context: Context): number {
  if (context.options.has("--ledger")) return ledgerStatus(context);
  if (context.options.has("--at"))
    return (host.load("cli/command-look") as typeof import("./command-look.ts")).statusAt(context);
  const connection = connect(context);
  const status = ask(context, connection, "status", { names: context.words });
  connection.close();
  const code =
    context.words.length > 0 && status.services.some((service) => !isUp(service)) ? ExitCode.notRunning : ExitCode.ok;
  if (context.options.json) {
    printJson(status);
    return code;
  }
  const paint = painter(context.options);
  const wallMs = host.now().wallMs;
  if (context.words.length > 0) print(status.services.map((service) => details(service, wallMs, paint)).join("\n\n"));
  else print(overview(status, wallMs, paint));
  return code;
}

function isUp(service: ServiceStatus): boolean {
  return service.state === "ready" || service.state === "reloading" || service.state === "done";
}

function overview(status: SystemStatus, wallMs: number, paint: Paint): string {
  const title = [status.title, status.version].filter((text) => text !== "").join(" ");
  const heading = `${paint(title === "" ? "gonit" : title, "bold")}: ${status.state}`;
  const lines = [heading];
  if (status.shutdown !== null) {
    const left = shownDuration(status.shutdown.deadlineWallMs - wallMs);
    lines.push(
      `${status.shutdown.mode} in progress, at most ${left} more; waits for ${status.shutdown.waitsFor.join(", ") || "nothing"}`,
    );
  }
  if (status.configuration !== "") lines.push(paint(`configuration: ${status.configuration}`, "yellow"));
  if (status.apply !== null) lines.push(applyLine(status.apply, wallMs));
  for (const aside of status.setAside) lines.push(paint(`set aside: ${aside.eventKind} (${aside.reason})`, "red"));
  if (status.services.length === 0) return [...lines, "no services"].join("\n");
  const rows = [["SERVICE", "STATE", "PID", "SINCE", "RESTARTS", "DESCRIPTION"]];
  for (const service of status.services) {
    rows.push([
      service.name,
      stateWord(service),
      service.pid === null ? "-" : String(service.pid),
      shownDuration(wallMs - service.sinceWallMs),
      String(service.restarts),
      remark(service),
    ]);
  }
  const services = status.services;
  lines.push(
    table(rows, (cell, row, column) => {
      if (row === 0) return paint(cell, "dim");
      const service = services[row - 1];
      return column === 1 && service !== undefined ? paintState(cell, service, paint) : cell;
    }),
  );
  for (const { name, notes } of services) for (const note of notes) lines.push(paint(`${name}: ${note}`, "yellow"));
  return lines.join("\n");
}

/** `failed` of "failed: exited 3": reasons are too long for a column that others stand behind. */
function stateWord({ shown }: ServiceStatus): string {
  return shown.split(":", 1)[0] ?? shown;
}

/** What matters most of it in one line: why it is not as it should be, else what it is. */
function remark({ state, reason, description }: ServiceStatus): string {
  return state === "stopped" || state === "done" ? description || reason : reason || description;
}

function applyLine(apply: NonNullable<SystemStatus["apply"]>, wallMs: number): string {
  const since = shownDuration(wallMs - apply.sinceWallMs);
  const what = apply.failed === "" ? "an apply goes on" : `an apply is taken back (${apply.failed} ${apply.because})`;
  return `${what} for ${since}; waits for ${apply.waitsFor}`;
}

function paintState(text: string, service: ServiceStatus, paint: Paint): string {
  if (service.state === "failed" || service.marks.includes("unhealthy")) return paint(text, "red");
  if (service.state === "ready") return paint(text, "green");
  if (service.state === "stopped" || service.state === "done") return paint(text, "dim");
  return paint(text, "yellow");
}

function scheduleFields({ schedule }: ServiceStatus, wallMs: number): [string, string][] {
  if (schedule === null) return [];
  const { nextWallMs } = schedule;
  const next = nextWallMs === null ? "none" : `${schedule.next}, in ${shownDuration(nextWallMs - wallMs)}`;
  return [
    ["schedule", schedule.timezone === "UTC" ? schedule.text : `${schedule.text} (${schedule.timezone})`],
    ["next run", next],
    ["last run", schedule.last === "" ? "none yet" : schedule.last],
    ["skipped", schedule.skipped === 0 ? "" : `${schedule.skipped} times, while the last run went on`],
  ];
}

function logsText({ bytes, lines, droppedBytes, paths }: LogFigures): string {
  const lost = droppedBytes === 0 ? "" : `, ${shownBytes(droppedBytes)} dropped`;
  return [`${shownBytes(bytes)} in ${lines} ${lines === 1 ? "line" : "lines"}${lost}`, ...paths].join("; ");
}

function pressureText({ pressure }: ServiceStatus): string {
  if (pressure === undefined) return "";
  const shares = Object.entries(pressure).map(([name, share]) => `${name} ${share}%`);
  return `waited for ${shares.join(", ")} of the last 10 s`;
}

function details(service: ServiceStatus, wallMs: number, paint: Paint): string {
  const fields: [string, string][] = [
    ["state", `${paintState(service.shown, service, paint)} for ${shownDuration(wallMs - service.sinceWallMs)}`],
    ["reason", service.reason],
    ["says", service.statusText],
    ["wanted", service.wanted],
    ["type", service.type],
    ["pid", service.pid === null ? "" : String(service.pid)],
    ["restarts", String(service.restarts)],
    ...scheduleFields(service, wallMs),
    ["needs", service.dependsOn.join(", ")],
    ["tags", service.tags.join(", ")],
    ["logs", service.logs === undefined ? "" : logsText(service.logs)],
    ["pressure", pressureText(service)],
    ["marks", service.marks.join(", ")],
    ["notes", service.notes.join("; ")],
  ];
  const lines = fields.filter(([, text]) => text !== "").map(([name, text]) => `  ${name.padEnd(9)} ${text}`);
  return [
    `${paint(service.name, "bold")}${service.description === "" ? "" : ` - ${service.description}`}`,
    ...lines,
  ].join("\n");
}
