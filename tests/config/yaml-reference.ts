/** The npm package yaml's reading of one text: what it should mean by YAML 1.2, its core schema, and `<<` merges. */
import { type Document, isAlias, isMap, isScalar, type Pair, parseAllDocuments, type Scalar } from "yaml";
import { type Meaning, type Outcome, shownValue } from "./yaml-meaning.ts";

/** What gonit reads as if it were there, or were not: a byte order mark, and the end of the last line. */
function whole(text: string): string {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  return body === "" || body.endsWith("\n") ? body : `${body}\n`;
}

export function referenceOutcome(text: string): Outcome {
  const outcome = read(text);
  if ("meaning" in outcome || !/^Tabs are not allowed/.test(outcome.problems[0] ?? "")) return outcome;
  // It refuses a line of tabs behind a key without a value, which YAML takes for an empty line.
  return read(text.replace(/^ *\t[ \t]*(?=\r?$)/gm, ""));
}

function read(text: string): Outcome {
  const documents = parseAllDocuments(whole(text), {
    version: "1.2",
    schema: "core",
    merge: true,
    // gonit's keys are texts: 1 and 0x1 are two of them.
    uniqueKeys: (one, other) => isScalar(one) && isScalar(other) && textOf(one) === textOf(other),
    logLevel: "silent",
  });
  const all = Array.isArray(documents) ? (documents as Document.Parsed[]) : [];
  // Each `...` behind the first counts as a document there.
  const list = all.filter((one, at) => at === 0 || !isNothing(one.contents) || one.directives.docStart === true);
  const problems = list.flatMap(({ errors }) => errors.map(({ message }) => message));
  if (list.length > 1) problems.push("there are several documents");
  if (problems.length > 0) return { problems };
  const [document] = list;
  if (document === undefined || document.contents === null) return { meaning: null };
  try {
    return { meaning: new Walk(document).meaning(document.contents) };
  } catch (error) {
    return { problems: [String(error)] };
  }
}

function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.source === "");
}

function isPlain({ type }: Scalar): boolean {
  return type === undefined || type === "PLAIN";
}

/** The text without quotes, whatever its tag makes of it. */
function textOf(scalar: Scalar): string {
  return scalar.source ?? "";
}

class Walk {
  private readonly document: Document;

  constructor(document: Document) {
    this.document = document;
  }

  meaning(node: unknown): Meaning {
    if (node === null || node === undefined) return ["scalar", "", shownValue(null)];
    if (isAlias(node)) return this.meaning(node.resolve(this.document));
    if (isScalar(node)) return ["scalar", textOf(node), shownValue(node.value)];
    const { items } = node as { items: unknown[] };
    if (!isMap(node)) return ["list", items.map((item) => this.meaning(item))];
    return ["map", this.entries(items as Pair[])];
  }

  private entries(pairs: Pair[]): [string, Meaning][] {
    const entries = new Map<string, Meaning>();
    const merges: unknown[] = [];
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) merges.push(value);
      else entries.set(this.key(key), this.meaning(value));
    }
    for (const merge of merges)
      for (const [key, value] of this.merged(merge)) if (!entries.has(key)) entries.set(key, value);
    return [...entries];
  }

  private key(key: unknown): string {
    const [kind, text] = this.meaning(key);
    return kind === "scalar" ? text : `(${kind})`;
  }

  /** The keys of one map, or of several, the first winning. */
  private merged(value: unknown): [string, Meaning][] {
    const [kind, inner] = this.meaning(value);
    if (kind === "map") return inner;
    if (kind === "scalar") throw new Error("a scalar is merged");
    return inner.flatMap((item) => (item[0] === "map" ? item[1] : []));
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && isPlain(key) && (key.value === "<<" || typeof key.value === "symbol");
}
