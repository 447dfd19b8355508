/**
 * What libyaml lets pass and YAML 1.2 does not: it would be refused, or read in another way, by editors and other tools.
 * libyaml knows YAML 1.1, takes `[?a]` for a map, and does not mind how the lines within brackets and quotes are indented.
 */

import type { YamlEvents } from "../contract.ts";
import { type Document, indexOfColumn, lineText, type Place } from "./node.ts";
import type { Problems } from "./problems.ts";

/* Kinds and styles of yaml.h, and the numbers of an event. */
const ALIAS = 5;
const SCALAR = 6;
const SEQUENCE_START = 7;
const SEQUENCE_END = 8;
const MAPPING_START = 9;
const MAPPING_END = 10;
const PLAIN = 1;
const LITERAL = 4;
const FLOW = 2;
const FIELDS = 9;

/** What no event tells. True: nothing to complain about. */
export function checkText(document: Document, problems: Problems): boolean {
  return checkCharacters(document, problems) && checkDirectives(document, problems);
}

const lineFix = "end each line with a line feed, or with carriage return and line feed";

function checkCharacters(document: Document, problems: Problems): boolean {
  const { text } = document;
  for (let at = text.indexOf("\r"); at >= 0; at = text.indexOf("\r", at + 2)) {
    if (text[at + 1] === "\n") continue;
    problems.atPlace(placeOfIndex(document, at), "yaml", "cannot read the text: a carriage return stands alone", {
      fix: lineFix,
    });
    return false;
  }
  // YAML 1.1 ends lines at the first three of these. The byte order mark is no character but at the begin of a file.
  for (const character of ["\u0085", "\u2028", "\u2029", "\ufeff"]) {
    const at = text.indexOf(character);
    if (at < 0) continue;
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    const message = `cannot read the text: the invisible character U+${code.toUpperCase()} stands here`;
    const fix = `remove it, or write it as an escape within double quotes: "\\u${code}"`;
    problems.atPlace(placeOfIndex(document, at), "yaml", message, { fix });
    return false;
  }
  return true;
}

function placeOfIndex(document: Document, index: number): Place {
  const before = document.text.slice(0, index);
  const lineStart = before.lastIndexOf("\n") + 1;
  const column = [...before.slice(lineStart)].length;
  return { document, line: before.split("\n").length - 1, column, endColumn: column + 1 };
}

/** Lines before the document that begin with %: another version would mean another reading. */
function checkDirectives(document: Document, problems: Problems): boolean {
  let line = 0;
  for (let start = 0; start < document.text.length; line++) {
    const text = lineText(document, line);
    if (!/^(?:[ \t]*(?:#.*)?$|%)/.test(text)) return true;
    if (text.startsWith("%") && !/^%YAML[ \t]+1\.2[ \t]*(?:[ \t]#.*)?$/.test(text)) {
      const message =
        "cannot read the text: a line that begins with % is a directive of YAML, and this one cannot be used";
      const place = { document, line, column: 0, endColumn: text.length };
      problems.atPlace(place, "yaml", message, { fix: "remove it, or put the text in quotes" });
      return false;
    }
    const end = document.text.indexOf("\n", start);
    if (end < 0) return true;
    start = end + 1;
  }
  return true;
}

/**
 * Looks at the events of a text that libyaml has read. `forgiven` are lines whose tabs were read as blanks. True: nothing
 * to complain about.
 */
export function checkEvents(
  document: Document,
  { events, texts }: YamlEvents,
  forgiven: number[],
  problems: Problems,
): boolean {
  const before = problems.count;
  new EventCheck(document, events, texts, forgiven, problems).run();
  return problems.count === before;
}

interface Open {
  flow: boolean;
  /** Column of a block collection. */
  indent: number;
  /** Where it begins. */
  line: number;
}

const anywhere: Open = { flow: false, indent: -1, line: 0 };

const remark = "a remark begins without a blank before its #";
const remarkFix = "put a blank before the #";

class EventCheck {
  private readonly document: Document;
  private readonly events: Int32Array;
  private readonly texts: string[];
  private readonly forgiven: number[];
  private readonly problems: Problems;
  private readonly open: Open[] = [];
  /** Whether the text holds anything that the costly checks look for. */
  private readonly mayHoldKeyMark: boolean;
  private readonly mayHoldTightRemark: boolean;

  constructor(document: Document, events: Int32Array, texts: string[], forgiven: number[], problems: Problems) {
    this.document = document;
    this.events = events;
    this.texts = texts;
    this.forgiven = forgiven;
    this.problems = problems;
    const { text } = document;
    this.mayHoldKeyMark = text.includes("?") && /[[{,?\s]\?[^ \t\r\n]/.test(text);
    this.mayHoldTightRemark = text.includes("#") && /[^\s#]#/.test(text);
  }

  run(): void {
    const { events } = this;
    for (let at = 0; at < events.length; at += FIELDS) {
      const kind = events[at];
      if (kind === SEQUENCE_START || kind === MAPPING_START) this.begin(at);
      else if (kind === SEQUENCE_END || kind === MAPPING_END) this.end(at);
      else if (kind === SCALAR) this.scalar(at);
      if ((events[at + 7] as number) >= 0) this.checkName(at, kind === ALIAS ? "*" : "&");
    }
  }

  private begin(at: number): void {
    const { events } = this;
    const flow = events[at + 5] === FLOW;
    const line = events[at + 1] as number;
    if (flow) {
      this.checkStart(at);
      if (this.mayHoldTightRemark) this.checkBehind(at);
    }
    this.open.push({ flow, indent: flow ? -1 : this.indentOf(at), line });
  }

  /** Anchor and tag of a block collection stand on a line before it. */
  private indentOf(at: number): number {
    const { events } = this;
    const isNamed = (events[at + 7] as number) >= 0 || (events[at + 8] as number) >= 0;
    const childLine = events[at + FIELDS + 1] as number;
    let line = events[at + 1] as number;
    if (!isNamed || line === childLine) return events[at + 2] as number;
    line++;
    while (line < childLine && /^ *(?:#.*)?$/.test(lineText(this.document, line))) line++;
    return blanksOf(lineText(this.document, line));
  }

  private end(at: number): void {
    const { events } = this;
    const { flow, line } = this.open.pop() ?? anywhere;
    if (!flow) return;
    if (this.mayHoldTightRemark) this.checkBehind(at);
    const outer = this.open.at(-1) ?? anywhere;
    if (!outer.flow) this.checkLines(line, at, outer.indent, { bracketColumn: events[at + 2] as number });
  }

  private scalar(at: number): void {
    const { events, texts } = this;
    const style = events[at + 5] as number;
    const outer = this.open.at(-1) ?? anywhere;
    if (style >= LITERAL) {
      this.checkBlock(at, outer.indent);
      return;
    }
    if (outer.flow) {
      this.checkStart(at);
      if (style === PLAIN && texts[events[at + 6] as number] === "-") {
        this.refuse(at, "a dash stands alone within brackets", 'put it in quotes: "-"');
      }
    } else if (style === PLAIN) this.checkTabs(events[at + 1] as number, events[at + 3] as number);
    else this.checkLines(events[at + 1] as number, at, outer.indent, { bracketColumn: -1 });
    if (this.mayHoldTightRemark) this.checkBehind(at);
  }

  /** libyaml takes a question mark within brackets for the begin of a key, also when it is the begin of a text. */
  private checkStart(at: number): void {
    if (!this.mayHoldKeyMark) return;
    const { events } = this;
    const line = lineText(this.document, events[at + 1] as number);
    const index = indexOfColumn(line, events[at + 2] as number);
    if (line[index - 1] !== "?") return;
    this.refuse(at, "a text within brackets begins with ?", "put the text in quotes");
  }

  /** A remark begins behind a blank, also when a comma or colon stands before it, be it on one of the next lines. */
  private checkBehind(at: number): void {
    let line = this.events[at + 3] as number;
    let column = this.events[at + 4] as number;
    let rest = lineText(this.document, line);
    rest = rest.slice(indexOfColumn(rest, column));
    const isInFlow = this.open.at(-1)?.flow === true;
    const last = this.events[this.events.length - FIELDS + 1] as number;
    while (isInFlow && line < last && /^[ \t]*(?:[ \t]#.*)?$/.test(rest)) {
      rest = lineText(this.document, ++line);
      column = 0;
      if (/^[ \t]*#/.test(rest)) rest = "";
    }
    const found = /^(?:[ \t]*[,:])?#/.exec(rest);
    if (found !== null) this.refuseAt(line, column + found[0].length - 1, remark, remarkFix);
  }

  /** The lines of a quoted text, or of brackets, behind the first must be indented more than what they belong to. */
  private checkLines(first: number, at: number, indent: number, { bracketColumn }: { bracketColumn: number }): void {
    const last = this.events[at + 3] as number;
    for (let line = first + 1; line <= last; line++) {
      const text = lineText(this.document, line);
      const blanks = blanksOf(text);
      if (blanks === text.length || (bracketColumn >= 0 && text[blanks] === "#")) continue;
      // The bracket that closes it all may stand below what it belongs to.
      if (blanks > indent || (line === last && blanks === bracketColumn && blanks === indent)) continue;
      const what = bracketColumn < 0 ? "quotes" : "brackets";
      this.refuseAt(
        line,
        blanks,
        `a line within ${what} is not indented more than the key or dash before it`,
        text[blanks] === "\t" ? "indent with spaces only" : "indent the line",
      );
      return;
    }
  }

  /** A block text that says nothing of its indentation takes that of its first line; blank lines may not have more. */
  private checkBlock(at: number, indent: number): void {
    const last = this.events[at + 3] as number;
    const head = this.headOf(at, last);
    if (head === null) return;
    const { line: first, column } = head;
    if (blanksOf(lineText(this.document, first)) === column && column <= indent)
      this.refuseAt(first, column, `${head.sign} is not indented more than the key or dash before it`, "indent it");
    if (head.remark >= 0) this.refuseAt(first, head.remark, remark, remarkFix);
    this.checkTabs(first, last + 1);
    if (!head.hasIndent) this.checkBlankLines(first, last, indent);
  }

  /** Between two lines. */
  private checkTabs(from: number, to: number): void {
    const tab = this.forgiven.find((line) => line > from && line < to);
    if (tab !== undefined) this.refuseAt(tab, 0, "a tab stands where the line is indented", "indent with spaces only");
  }

  private checkBlankLines(first: number, last: number, indent: number): void {
    let most = 0;
    for (let line = first + 1; line <= last; line++) {
      const text = lineText(this.document, line);
      const blanks = blanksOf(text);
      if (blanks < text.length) {
        if (blanks > indent && blanks < most)
          this.refuseAt(
            line,
            blanks,
            "an empty line before this one has more blanks than this line is indented by",
            "remove the blanks of the empty lines",
          );
        return;
      }
      most = Math.max(most, blanks);
    }
  }

  /** Where | or > stands: behind an anchor or tag it may be on a line of its own. `remark`: column of a # right behind. */
  private headOf(
    at: number,
    last: number,
  ): { line: number; column: number; sign: string; hasIndent: boolean; remark: number } | null {
    for (let line = this.events[at + 1] as number; line <= last; line++) {
      const text = lineText(this.document, line);
      const from = line === this.events[at + 1] ? indexOfColumn(text, this.events[at + 2] as number) : 0;
      const found = /(?<=^|[ \t])([|>])([-+0-9]*)(#|[ \t]|$)/.exec(text.slice(from));
      if (found === null) continue;
      const [, sign = "", indicator = "", behind = ""] = found;
      const column = [...text.slice(0, from + found.index)].length;
      const hash = column + 1 + indicator.length;
      return { line, column, sign, hasIndent: /[0-9]/.test(indicator), remark: behind === "#" ? hash : -1 };
    }
    return null;
  }

  /** libyaml ends the name of an anchor before a colon, which YAML takes for a part of it. */
  private checkName(at: number, sign: "&" | "*"): void {
    const { events, texts, document } = this;
    const line = events[at + 1] as number;
    const text = lineText(document, line);
    const name = sign + (texts[events[at + 7] as number] as string);
    const index = text.indexOf(name, indexOfColumn(text, events[at + 2] as number));
    if (index < 0 || !/[^\s,[\]{}]/.test(text[index + name.length] ?? " ")) return;
    this.refuseAt(
      line,
      [...text.slice(0, index + name.length)].length,
      `${name} is followed by ${text[index + name.length]}`,
      `put a blank behind ${name}`,
    );
  }

  private refuse(at: number, why: string, fix: string): void {
    this.refuseAt(this.events[at + 1] as number, this.events[at + 2] as number, why, fix);
  }

  private refuseAt(line: number, column: number, why: string, fix: string): void {
    const place = { document: this.document, line, column, endColumn: column };
    this.problems.atPlace(place, "yaml", `cannot read the text: ${why}`, { fix });
  }
}

function blanksOf(line: string): number {
  let count = 0;
  while (line[count] === " ") count++;
  return count;
}
