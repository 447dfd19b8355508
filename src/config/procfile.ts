/**
 * A Procfile: `NAME: COMMAND`, a process a line, each command for a shell. A laptop's gonit runs one directly when there
 * is no config.yml beside it; `gonit import` makes a config.yml of one.
 *
 * Each process gets a PORT of its own, 100 apart, as programs that are run from Procfiles expect. The first that ends
 * takes the others with it. `release` runs once, before the others.
 */

import { parseEnvFile } from "./env-file.ts";
import type { FileAccess } from "./files.ts";
import { type Document, folderOf, type MapNode, type ScalarNode, type YamlNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { readText } from "./read-text.ts";

export interface ProcfileProcess {
  name: string;
  command: string;
  isRelease: boolean;
  port: number;
  /** Counts from 0. */
  line: number;
  /** Where the command begins, in characters. */
  column: number;
}

const firstPort = 5000;
const portsApart = 100;
const envBytesMax = 1024 * 1024;

export function isProcfile(path: string): boolean {
  return /(?:^|\/)Procfile(?:\.[^/]*)?$/.test(path);
}

/** The lines, and the numbers (from 0) of those that are none. */
export function readProcfile(text: string, portBase = firstPort): { processes: ProcfileProcess[]; wrong: number[] } {
  const processes: ProcfileProcess[] = [];
  const wrong: number[] = [];
  let port = portBase;
  for (const [line, raw] of text.split("\n").entries()) {
    const written = raw.trimEnd();
    if (/^\s*(?:#|$)/.test(written)) continue;
    const found = /^([A-Za-z0-9_-]+):\s*(\S.*)$/.exec(written);
    if (found === null) {
      wrong.push(line);
      continue;
    }
    const [, name = "", command = ""] = found;
    const isRelease = name === "release";
    const column = [...written.slice(0, written.indexOf(command, name.length + 1))].length;
    processes.push({ name, command, isRelease, port, line, column });
    if (!isRelease) port += portsApart;
  }
  return { processes, wrong };
}

/** The first PORT: of the .env beside the Procfile, else gonit's own. */
export function portBase(path: string, files: FileAccess, own: string | undefined): number {
  const env = readText(files, `${folderOf(path)}/.env`.replace("//", "/"), envBytesMax);
  const parsed = "why" in env ? null : parseEnvFile(env.text);
  const variables = parsed !== null && "variables" in parsed ? parsed.variables : [];
  const text = variables.findLast(([name]) => name === "PORT")?.[1] ?? own ?? "";
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : firstPort;
}

/** The configuration that the Procfile is; null when it holds no process. */
export function procfileTree(document: Document, base: number, problems: Problems): MapNode | null {
  const { processes, wrong } = readProcfile(document.text, base);
  for (const line of wrong) {
    const place = { document, line, column: 0, endColumn: 0 };
    problems.atPlace(place, "procfile", "cannot read the line: it is no NAME: COMMAND", {
      fix: "write web: node server.js, or # before a remark",
    });
  }
  if (processes.length === 0) {
    if (wrong.length === 0) problems.atFile(document.shown, "empty", "cannot use the file: it holds no NAME: COMMAND");
    return null;
  }
  const tree = new Tree(document);
  const release = processes.filter(({ isRelease }) => isRelease);
  const services = processes.map((process) => tree.service(process, process.isRelease ? [] : release));
  const defaults = tree.map([
    ["shell", tree.word("true")],
    ["restart", tree.word("no")],
    ["critical", tree.word("exit")],
  ]);
  const root = tree.map([
    ["defaults", defaults],
    ["services", tree.list(services)],
  ]);
  tree.finish();
  return root;
}

const eventFields = 9;

/** Nodes that libyaml has not made, at the places of the Procfile that they come from. */
class Tree {
  private readonly document: Document;
  private readonly events: number[] = [];
  private line = 0;

  constructor(document: Document) {
    this.document = document;
  }

  service({ name, command, isRelease, port, line, column }: ProcfileProcess, needs: ProcfileProcess[]): MapNode {
    this.line = line;
    const entries: [string, YamlNode][] = [
      ["name", this.word(name)],
      ["command", this.word(command, column)],
    ];
    if (isRelease) entries.push(["type", this.word("task")], ["critical", this.word("false")]);
    else entries.push(["environment", this.map([["PORT", this.word(String(port))]])]);
    if (needs.length > 0) entries.push(["depends_on", this.list(needs.map((other) => this.word(other.name)))]);
    return this.map(entries);
  }

  word(text: string, column = 0): ScalarNode {
    const end = column + [...text].length;
    return { kind: "scalar", document: this.document, at: this.event(column, end), text, plain: true };
  }

  list(items: YamlNode[]): YamlNode {
    return { kind: "list", document: this.document, at: this.event(0, 0), items, size: items.length };
  }

  map(entries: [string, YamlNode][]): MapNode {
    const at = this.event(0, 0);
    const keys = entries.map(([key]) => this.word(key));
    return { kind: "map", document: this.document, at, keys, values: entries.map(([, value]) => value), size: 1 };
  }

  /** Its index. */
  private event(column: number, endColumn: number): number {
    const at = this.events.length;
    this.events.push(...new Array<number>(eventFields).fill(0));
    this.events[at + 1] = this.line;
    this.events[at + 2] = column;
    this.events[at + 3] = this.line;
    this.events[at + 4] = endColumn;
    return at;
  }

  /** When all nodes are made. */
  finish(): void {
    this.document.events = Int32Array.from(this.events);
  }
}
