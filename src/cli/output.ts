/** Printing: to whom, how wide, in which colours. */

import type { CliOptions } from "./options.ts";

const columnsDefault = 80;

export function print(text: string): void {
  host.print(1, text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

export function printError(text: string): void {
  host.print(2, `gonit: ${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export type Paint = (text: string, colour: "red" | "green" | "yellow" | "blue" | "dim" | "bold") => string;

const codes = { red: "31", green: "32", yellow: "33", blue: "36", dim: "2", bold: "1" };

/** Colours when the output is a terminal that can show them, unless told otherwise. */
export function painter(options: CliOptions): Paint {
  return wantsColour(options) ? (text, colour) => `\x1b[${codes[colour]}m${text}\x1b[0m` : (text) => text;
}

export function wantsColour(options: CliOptions): boolean {
  const when = options.text("--color");
  if (when === "always") return true;
  if (when === "never") return false;
  return host.isTerminal(1) && variable("NO_COLOR") === "" && variable("TERM") !== "dumb";
}

/** An environment variable, empty when it is not set. */
export function variable(name: string): string {
  const prefix = `${name}=`;
  const found = host.environment().find((text) => text.startsWith(prefix));
  return found === undefined ? "" : found.slice(prefix.length);
}

export function columns(): number {
  const size = host.windowSize(1);
  if (size !== null && size[0] > 0) return size[0];
  const fromEnvironment = Number(variable("COLUMNS"));
  return fromEnvironment > 0 ? fromEnvironment : columnsDefault;
}

/** Rows of cells, each column as wide as its widest cell; the last one is cut at the right edge of a terminal. */
export function table(rows: string[][], paint: (cell: string, row: number, column: number) => string): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const width = host.isTerminal(1) ? columns() : Number.POSITIVE_INFINITY;
  return rows.map((row, index) => tableLine(row, index, widths, width, paint)).join("\n");
}

function tableLine(
  row: string[],
  index: number,
  widths: number[],
  width: number,
  paint: (cell: string, row: number, column: number) => string,
): string {
  let at = 0;
  let line = "";
  row.forEach((cell, column) => {
    const isLast = column === row.length - 1;
    const room = Math.max(8, width - at);
    const shown = isLast && cell.length > room ? `${cell.slice(0, room - 1)}…` : cell;
    const padding = isLast ? "" : " ".repeat((widths[column] ?? 0) - shown.length + 2);
    line += paint(shown, index, column) + padding;
    at += shown.length + padding.length;
  });
  return line.trimEnd();
}

/** 999 B, 1.2K, 45M, 1.0G: in powers of 1024, four characters at most behind the first unit. */
export function shownBytes(bytes: number): string {
  const units = ["K", "M", "G", "T"];
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

/** 3s, 4m12s, 5h03m, 12d4h: two units at most. */
export function shownDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, "0")}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${String(minutes % 60).padStart(2, "0")}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}
