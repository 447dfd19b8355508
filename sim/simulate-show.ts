/** A simulation on a terminal, and as JSON. */

import type { Paint } from "../src/cli/output.ts";
import type { Simulation, SimulationOptions } from "./simulate.ts";
import { folded } from "./simulate-fold.ts";
import { timeText } from "./simulate-time.ts";
import type { Entry } from "./simulate-timeline.ts";

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** `width`: columns of the terminal, null where lines may be of any length. */
export function shownSimulation(
  options: SimulationOptions,
  simulation: Simulation,
  paint: Paint,
  width: number | null,
): string {
  return [
    heading(options, paint),
    "",
    ...timeline(simulation.entries, paint, width),
    "",
    ending(simulation, paint),
    ...summary(simulation, paint),
    ...judgements(simulation, paint),
  ].join("\n");
}

function heading({ plan, seed, chance }: SimulationOptions, paint: Paint): string {
  const title = plan.title === "" ? "Simulation" : plan.title;
  const faults = chance === "none" ? "" : `, ${chance} faults by chance`;
  return `${paint(title, "bold")}: ${plural(plan.services.length, "service")}, seed ${seed}${faults}`;
}

function timeline(entries: Entry[], paint: Paint, width: number | null): string[] {
  const { entries: shown, cut } = folded(entries);
  const timeWidth = Math.max(4, ...shown.map(({ atMs }) => timeText(atMs).length));
  const nameWidth = Math.max(6, ...shown.map(({ about }) => about.length));
  const lines = shown.map((entry) => {
    const start = `${timeText(entry.atMs).padStart(timeWidth)}  ${entry.about.padEnd(nameWidth)}  `;
    const text = entry.why === "" ? entry.what : `${entry.what} (${entry.why})`;
    return paint(start, "dim") + painted(clipped(text, width === null ? null : width - start.length), entry, paint);
  });
  if (cut > 0) lines.push(`… and ${plural(cut, "line")} more; --json has them all`);
  return lines;
}

function clipped(text: string, width: number | null): string {
  return width === null || text.length <= Math.max(width, 20) ? text : `${text.slice(0, Math.max(width, 20) - 1)}…`;
}

function painted(text: string, { tone }: Entry, paint: Paint): string {
  if (tone === "plain") return text;
  return paint(text, tone === "good" ? "green" : tone === "bad" ? "red" : "yellow");
}

function ending({ end, endMs, state }: Simulation, paint: Paint): string {
  const texts = {
    quiet: `nothing more happens after ${timeText(endMs)}`,
    down: `the end, at ${timeText(endMs)}`,
    time: `looked at for ${timeText(endMs)}; --for looks longer`,
    busy: `cut short at ${timeText(endMs)}: too much happens`,
  };
  return `${paint(state, "bold")}: ${texts[end]}`;
}

function summary({ services }: Simulation, paint: Paint): string[] {
  const rows = services.map(({ name, state, firstReadyMs, restarts, outageMs, isOut, reason }) => [
    name,
    state,
    firstReadyMs === null ? "never" : timeText(firstReadyMs),
    String(restarts),
    isOut ? `${timeText(outageMs)}+` : outageMs === 0 ? "-" : timeText(outageMs),
    reason,
  ]);
  const head = ["SERVICE", "STATE", "READY AT", "RESTARTS", "OUTAGE", "REASON"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return [paint(line(head), "dim"), ...rows.map(line)];
}

function judgements({ expectations }: Simulation, paint: Paint): string[] {
  if (expectations.length === 0) return [];
  return [
    "",
    ...expectations.map(({ text, holds, because }) =>
      holds ? `${paint("holds", "green")}   ${text}` : `${paint("broken", "red")}  ${text}: ${because}`,
    ),
  ];
}

/** What `--json` prints: one object. Times in milliseconds since the start of the system. */
export function simulationJson(options: SimulationOptions, simulation: Simulation): unknown {
  const { entries, services, state, endMs, end, exitCode, expectations, broken } = simulation;
  return {
    ok: broken === null && expectations.every(({ holds }) => holds),
    title: options.plan.title,
    seed: options.seed,
    timeline: entries.map(({ atMs, about, what, why }) => ({ atMs, about, what, why })),
    end: { atMs: endMs, why: end, state, exitCode },
    services,
    expectations,
    fault: broken,
  };
}
