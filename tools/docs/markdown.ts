/** Reads the Markdown that the project's pages are written in, as blocks. */

export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "code"; lines: string[] }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "table"; head: string[]; rows: string[][] };

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/<!--[\s\S]*?-->\n?/g, "").split("\n");
  for (let at = 0; at < lines.length; ) at = readBlock(lines, at, blocks);
  return blocks;
}

/** Appends the block at a line; returns the line behind it. */
function readBlock(lines: string[], at: number, blocks: Block[]): number {
  const line = lines[at] as string;
  const heading = /^(#{1,4}) (.*)$/.exec(line);
  if (line.trim() === "") return at + 1;
  if (heading !== null) {
    blocks.push({ kind: "heading", level: (heading[1] as string).length, text: heading[2] as string });
    return at + 1;
  }
  if (line.startsWith("```")) {
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`code that begins at line ${at + 1} does not end`);
    blocks.push({ kind: "code", lines: lines.slice(at + 1, end) });
    return end + 1;
  }
  if (line.startsWith("|")) return readTable(lines, at, blocks);
  if (itemStart.test(line)) return readList(lines, at, blocks);
  let end = at + 1;
  while (end < lines.length && !isBlockStart(lines[end] as string)) end++;
  const text = lines.slice(at, end).map((part) => part.trim());
  blocks.push({ kind: "paragraph", text: text.join(" ") });
  return end;
}

const itemStart = /^(-|\d+\.) +/;

function isBlockStart(line: string): boolean {
  return line.trim() === "" || /^(#{1,4} |```|\|)/.test(line) || itemStart.test(line);
}

function readTable(lines: string[], at: number, blocks: Block[]): number {
  let end = at;
  while (lines[end]?.startsWith("|")) end++;
  const rows = lines.slice(at, end).map(cellsOf);
  blocks.push({ kind: "table", head: rows[0] ?? [], rows: rows.slice(2) });
  return end;
}

/** A bar within a cell is written with a backslash. */
function cellsOf(line: string): string[] {
  const cells = line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function readList(lines: string[], at: number, blocks: Block[]): number {
  const ordered = /^\d/.test(lines[at] as string);
  const items: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end] as string;
    if (itemStart.test(line)) items.push(line.replace(itemStart, ""));
    else if (/^\s+\S/.test(line)) items.push(`${items.pop()} ${line.trim()}`);
    else break;
  }
  blocks.push({ kind: "list", ordered, items });
  return end;
}

/** A table as the formatter writes it: each column as wide as its widest cell. */
export function markdownTable(head: string[], rows: string[][]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: string[]): string => `| ${widths.map((width, at) => (row[at] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(cells[0] as string[]), rule, ...cells.slice(1).map(line)].join("\n");
}
