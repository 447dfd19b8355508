/** Makes manual pages, see man(7), of the project's Markdown. */

import { type Block, parseMarkdown } from "./markdown.ts";

export interface ManPage {
  name: string;
  section: number;
  /** Behind the name under NAME. */
  summary: string;
  /** Under SYNOPSIS; none when empty. */
  synopsis: string[];
  version: string;
  markdown: string;
  seeAlso: string[];
}

/** Of the form of the pages; a page's own text has no date, so that the same text gives the same page. */
const formDate = "2026-11-28";
const lineMost = 78;

export function manPage(page: ManPage): string {
  const { name, section, summary, synopsis, version, markdown, seeAlso } = page;
  const lines = [
    ".\\\" Written by npm run docs from the project's definitions and pages.",
    `.TH ${name.toUpperCase()} ${section} ${formDate} "gonit ${version}"`,
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(summary)}`,
  ];
  if (synopsis.length > 0) {
    lines.push(".SH SYNOPSIS");
    for (const [at, words] of synopsis.entries()) {
      if (at > 0) lines.push(".br");
      lines.push(...wrapped(inline(words)));
    }
  }
  const blocks = parseMarkdown(markdown);
  // The title stands in the head of the page.
  const body = blocks[0]?.kind === "heading" && blocks[0].level === 1 ? blocks.slice(1) : blocks;
  if (body[0]?.kind !== "heading") lines.push(".SH DESCRIPTION");
  let before = "heading";
  for (const block of body) {
    lines.push(...blockLines(block, before));
    before = block.kind;
  }
  if (seeAlso.length > 0) lines.push(".SH SEE ALSO", seeAlso.map(reference).join(",\n"));
  return `${lines.join("\n")}\n`;
}

function reference(words: string): string {
  return words.replace(/^(.*)(\(\d\))$/, (_, name: string, section: string) => `\\fB${escaped(name)}\\fR${section}`);
}

function blockLines(block: Block, before: string): string[] {
  const apart = before === "heading" ? [] : [".PP"];
  switch (block.kind) {
    case "heading":
      return headingLines(block.level, block.text);
    case "paragraph":
      return [...apart, ...wrapped(inline(block.text))];
    case "code":
      return [...apart, ".RS 4", ".nf", ...block.lines.map(codeLine), ".fi", ".RE"];
    case "list":
      return block.items.flatMap((item, at) => [
        `.IP ${block.ordered ? `${at + 1}.` : "\\(bu"} ${block.ordered ? 4 : 2}`,
        ...wrapped(inline(item)),
      ]);
    case "table":
      return block.rows.flatMap((row) => rowLines(block.head, row));
  }
}

function headingLines(level: number, text: string): string[] {
  const plain = text.replaceAll("`", "");
  return [level <= 2 ? `.SH ${escaped(plain.toUpperCase())}` : `.SS ${escaped(plain)}`];
}

/** A row as an entry: its first cell stands out, of more than two each tells what it is. */
function rowLines(head: string[], row: string[]): string[] {
  const [first = "", ...rest] = row;
  const cells = rest
    .map((cell, at) => (rest.length > 1 && cell !== "" ? `${head[at + 1]}: ${cell}` : cell))
    .filter((cell) => cell !== "");
  const body = wrapped(inline(cells.join("; ")));
  return [".TP", inline(first === "" ? "…" : first), ...(body.length > 0 ? body : ["\\&"])];
}

/** Code, emphasis and links; what is none of these is escaped. */
function inline(text: string): string {
  const pieces = text.split(/(`[^`]+`|\*\*[^*]+\*\*|(?<![\w*])[_*][^_*\s][^_*]*[_*](?![\w*])|\[[^\]]*\]\([^)]*\))/);
  return pieces.map((piece, at) => (at % 2 === 0 ? escaped(piece) : marked(piece))).join("");
}

function marked(piece: string): string {
  if (piece.startsWith("`")) return `\\fB${escaped(piece.slice(1, -1))}\\fR`;
  if (piece.startsWith("**")) return `\\fB${escaped(piece.slice(2, -2))}\\fR`;
  // Of a link the words stay: it leads to a place in another page.
  if (piece.startsWith("[")) return inline(/^\[([^\]]*)\]/.exec(piece)?.[1] ?? "");
  return `\\fI${escaped(piece.slice(1, -1))}\\fR`;
}

function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replace(/[^\x00-\x7e]/gu, (character) => {
      return `\\[u${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}]`;
    });
}

/** A dot at its begin would make it an order. */
function codeLine(line: string): string {
  const text = escaped(line);
  return text.startsWith(".") ? `\\&${text}` : text;
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((one) => one !== "")) {
    if (line !== "" && line.length + word.length + 1 > lineMost) {
      lines.push(codeStart(line));
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, codeStart(line)];
}

function codeStart(line: string): string {
  return line.startsWith(".") ? `\\&${line}` : line;
}
