/**
 * libyaml's events for tests in Node, made from the tree of the npm package yaml. The true libyaml is behind
 * `gonit check` in tests/process/.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { YamlSource } from "../../src/config/files.ts";
import type { YamlEvents } from "../../src/contract.ts";

const STYLES = new Map([
  ["PLAIN", 1],
  ["QUOTE_SINGLE", 2],
  ["QUOTE_DOUBLE", 3],
  ["BLOCK_LITERAL", 4],
  ["BLOCK_FOLDED", 5],
]);

const BLOCK = 1;
const FLOW = 2;

class Recorder {
  readonly numbers: number[] = [];
  readonly texts: string[] = [];
  private readonly lines: LineCounter;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  text(text: string | undefined): number {
    return text === undefined ? -1 : this.texts.push(text) - 1;
  }

  add(kind: number, start: number, end: number, style = 0, value = -1, anchor = -1, tag = -1): void {
    const from = this.lines.linePos(start);
    const to = this.lines.linePos(end);
    this.numbers.push(kind, from.line - 1, from.col - 1, to.line - 1, to.col - 1, style, value, anchor, tag);
  }

  document(document: Document.Parsed): void {
    this.add(3, document.range[0], document.range[0]);
    this.node(document.contents, document.range[0]);
    this.add(4, document.range[2], document.range[2]);
  }

  node(node: unknown, at: number): void {
    if (isAlias(node)) {
      const [start, end] = node.range ?? [at, at];
      this.add(5, start, end, 0, -1, this.text(node.source));
      return;
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) {
      this.add(6, at, at, 1, this.text(""));
      return;
    }
    const [start, end] = node.range ?? [at, at];
    const anchor = this.text(node.anchor);
    const tag = this.text(node.tag);
    if (isScalar(node)) {
      const value = typeof node.value === "string" ? node.value : (node.source ?? "");
      this.add(6, start, end, STYLES.get(node.type ?? "PLAIN") ?? 1, this.text(value), anchor, tag);
    } else if (isSeq(node)) {
      this.add(7, start, start, node.flow === true ? FLOW : BLOCK, -1, anchor, tag);
      for (const item of node.items) this.node(item, start);
      this.add(8, end, end);
    } else {
      this.add(9, start, start, node.flow === true ? FLOW : BLOCK, -1, anchor, tag);
      for (const { key, value } of node.items) {
        this.node(key, start);
        this.node(value, (key as { range?: [number, number, number] } | null)?.range?.[1] ?? start);
      }
      this.add(10, end, end);
    }
  }
}

function events(text: string, maxEvents: number): YamlEvents {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    schema: "failsafe",
    uniqueKeys: false,
    logLevel: "silent",
  });
  const recorder = new Recorder(lines);
  recorder.add(1, 0, 0);
  let error: YamlEvents["error"] = null;
  if (Array.isArray(documents)) {
    for (const document of documents) {
      const first = document.errors[0];
      if (first !== undefined) {
        const at = lines.linePos(first.pos[0]);
        const place = { line: at.line - 1, column: at.col - 1 };
        error ??= {
          message: first.message,
          context: "",
          ...place,
        };
      }
      recorder.document(document as Document.Parsed);
    }
  }
  recorder.add(2, text.length, text.length);
  const numbers = recorder.numbers.slice(0, maxEvents * 9);
  const truncated = numbers.length < recorder.numbers.length;
  return { events: Int32Array.from(numbers), texts: recorder.texts, error, truncated };
}

export const npmYaml: YamlSource = {
  events: (bytes, maxEvents) => events(Buffer.from(bytes).toString(), maxEvents),
};
