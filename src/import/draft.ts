/** What an importer makes: services with gonit's keys, remarks on decisions, and notes on what is left out. */

import { escapeDollars } from "../config/expand.ts";
import type { Data } from "../config/write-yaml.ts";

export type DataMap = { [key: string]: Data };

/** Where something stands that is imported. Lines count from 1; 0 is the file as a whole. */
export interface Place {
  file: string;
  line: number;
}

/** A key as it is written there: `stdout_logfile`, `deploy.resources`. */
export interface At extends Place {
  key: string;
}

/** Something that is not carried over. */
export interface Note extends At {
  reason: string;
  /** What to do instead; empty where there is nothing to do. */
  fix: string;
}

/** Why a key of another manager has no counterpart here. */
export class LeftOut {
  readonly reason: string;
  readonly fix: string;

  constructor(reason: string, fix = "") {
    this.reason = reason;
    this.fix = fix;
  }
}

/** More are counted, not told one by one. */
const notesMax = 1000;
const nameMax = 100;
export const servicesMax = 2000;

export class Draft {
  /** Keys of the whole file, and those of a service for all services. */
  readonly system: DataMap = {};
  readonly defaults: DataMap = {};
  defaultsRemark = "";
  readonly services = new Map<string, ServiceDraft>();
  readonly notes: Note[] = [];
  notesMore = 0;

  note(at: At, reason: string, fix = ""): void {
    const isKnown = this.notes.some(
      (note) => note.line === at.line && note.key === at.key && note.reason === reason && note.file === at.file,
    );
    if (isKnown) return;
    if (this.notes.length < notesMax) this.notes.push({ file: at.file, line: at.line, key: at.key, reason, fix });
    else this.notesMore++;
  }

  leave(at: At, { reason, fix }: LeftOut): void {
    this.note(at, reason, fix);
  }

  /** A new service; a name that gonit does not take, or that there is already, is changed and told. */
  service(wanted: string, at: At): ServiceDraft | null {
    if (this.services.size >= servicesMax) {
      this.note({ ...at, key: wanted }, `more than ${servicesMax} services are not imported`);
      return null;
    }
    const name = this.freeName(wanted);
    if (name !== wanted) this.note({ ...at, key: wanted }, `the service is called ${name}: ${nameRule}`);
    const made = new ServiceDraft(name, at);
    this.services.set(name, made);
    return made;
  }

  private freeName(wanted: string): string {
    const base = safeName(wanted);
    let name = base;
    for (let count = 2; this.services.has(name); count++) name = `${base.slice(0, nameMax - 6)}-${count}`;
    return name;
  }
}

const nameRule = "names are letters, digits, _ . and -, each once";

/** The nearest name that a service may have. */
export function safeName(wanted: string): string {
  const name = wanted.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, nameMax);
  return /^\.{0,2}$/.test(name) ? "service" : name;
}

export class ServiceDraft {
  readonly name: string;
  readonly at: At;
  readonly values: DataMap = {};
  /** The place that a key came from, for what must be left out after all. */
  readonly origins = new Map<string, At>();
  /** Comments by the key that they stand above; an empty key: above the service. */
  readonly remarks = new Map<string, string>();

  constructor(name: string, at: At) {
    this.name = name;
    this.at = at;
  }

  set(key: string, value: Data, at: At, remark = ""): void {
    this.values[key] = value;
    this.origins.set(key, at);
    if (remark !== "") this.remarks.set(key, remark);
  }

  /** One entry of a key that is a map. */
  put(key: string, entry: string, value: Data, at: At): void {
    const map = this.map(key);
    map[entry] = value;
    this.set(key, map, at);
  }

  /** One more item of a key that is a list; a text that is in it is not put in again. */
  add(key: string, item: Data, at: At): void {
    const list = this.list(key);
    if (typeof item !== "string" || !list.includes(item)) list.push(item);
    this.set(key, list, at);
  }

  map(key: string): DataMap {
    return { ...(this.values[key] as DataMap | undefined) };
  }

  list(key: string): Data[] {
    return [...((this.values[key] as Data[] | undefined) ?? [])];
  }

  remove(key: string): void {
    delete this.values[key];
    this.remarks.delete(key);
  }
}

/** Text that means itself: what gonit would replace is escaped. */
export function literal(text: string): string {
  return escapeDollars(text);
}
