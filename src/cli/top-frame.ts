/** What `gonit top` shows, as lines of text: a pure function of what is known and of the size of the terminal. */

import { type Paint, shownBytes, shownDuration } from "./output.ts";

export interface TopService {
  name: string;
  /** As `gonit status` shows it, and what it is painted by. */
  shown: string;
  state: string;
  pid: number | null;
  /** Of one processor, all of the service's processes; null: not known (yet). */
  cpuPercent: number | null;
  memoryBytes: number | null;
  restarts: number;
  /** Bytes of output in a second. */
  logRate: number | null;
  sinceMs: number;
}

export interface TopFacts {
  title: string;
  state: string;
  services: TopService[];
}

export interface TopView {
  columns: number;
  rows: number;
  /** Number of the service that keys are about; -1: there are no keys. */
  selected: number;
  /** What the last key did, or what is wrong. */
  message: string;
  paint: Paint;
}

const heads = ["SERVICE", "STATE", "PID", "CPU%", "MEMORY", "RESTARTS", "LOG/S", "SINCE"];
/** These are numbers, and stand at the right of their column. */
const rightFrom = 2;
const gap = 2;
const nameMin = 8;
const keysText = "arrows: choose   s: start   t: stop   r: restart   l: logs   q: quit";

/** `rows` lines at most, none longer than `columns` characters. */
export function topFrame(facts: TopFacts, view: TopView): string[] {
  const { services } = facts;
  const cells = [heads, ...services.map(cellsOf)];
  const hasKeys = view.selected >= 0;
  const foot = hasKeys ? [keysText, view.message] : view.message === "" ? [] : [view.message];
  const room = Math.max(1, view.rows - 2 - foot.length);
  const first = firstShown(services.length, room, view.selected);
  const widths = columnWidths(cells, view.columns - (hasKeys ? gap : 0));
  const line = (row: string[], marker: string) =>
    `${hasKeys ? marker : ""}${rowText(row, widths)}`.slice(0, view.columns);
  const lines = [heading(facts, view), view.paint(line(heads, "  "), "dim")];
  for (let at = first; at < Math.min(services.length, first + room); at++) {
    const isSelected = at === view.selected;
    const text = line(cells[at + 1] as string[], isSelected ? "> " : "  ");
    lines.push(isSelected ? view.paint(text, "bold") : painted(text, services[at] as TopService, view.paint));
  }
  if (hasKeys) while (lines.length < view.rows - foot.length) lines.push("");
  for (const text of foot) lines.push(view.paint(text.slice(0, view.columns), "dim"));
  return lines;
}

function heading({ title, state, services }: TopFacts, { columns, paint }: TopView): string {
  const sum = (value: (service: TopService) => number | null) =>
    services.reduce((total, service) => total + (value(service) ?? 0), 0);
  const running = services.filter(({ pid }) => pid !== null).length;
  const figures = `${running} of ${services.length} run, cpu ${sum(({ cpuPercent }) => cpuPercent).toFixed(1)}%, memory ${shownBytes(sum(({ memoryBytes }) => memoryBytes))}`;
  const text = `${title === "" ? "gonit" : title}: ${state}; ${figures}`;
  return paint(text.slice(0, columns), "bold");
}

function cellsOf(service: TopService): string[] {
  return [
    service.name,
    service.shown,
    service.pid === null ? "-" : String(service.pid),
    service.cpuPercent === null ? "-" : service.cpuPercent.toFixed(1),
    service.memoryBytes === null ? "-" : shownBytes(service.memoryBytes),
    String(service.restarts),
    service.logRate === null ? "-" : shownBytes(Math.round(service.logRate)),
    shownDuration(service.sinceMs),
  ];
}

/** As wide as the widest cell; where that is too much, state and then name give way, then columns at the right go. */
function columnWidths(rows: string[][], room: number): number[] {
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  let excess = widths.reduce((sum, width) => sum + width + gap, -gap) - room;
  for (const column of [1, 0]) {
    const least = column === 0 ? nameMin : 5;
    const given = Math.max(0, Math.min(excess, (widths[column] as number) - least));
    widths[column] = (widths[column] as number) - given;
    excess -= given;
  }
  while (excess > 0 && widths.length > 2) excess -= (widths.pop() as number) + gap;
  return widths;
}

function rowText(row: string[], widths: number[]): string {
  const cells = widths.map((width, column) => {
    const cell = row[column] as string;
    const shown = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
    return column < rightFrom ? shown.padEnd(width) : shown.padStart(width);
  });
  return cells.join(" ".repeat(gap));
}

function painted(text: string, { state }: TopService, paint: Paint): string {
  if (state === "failed") return paint(text, "red");
  if (state === "stopped" || state === "done") return paint(text, "dim");
  return state === "ready" ? text : paint(text, "yellow");
}

/** So that the selected one is among those that are shown, in the middle where there are more on both sides. */
function firstShown(count: number, room: number, selected: number): number {
  const wanted = selected - Math.floor(room / 2);
  return Math.max(0, Math.min(wanted, count - room));
}
