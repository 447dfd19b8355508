/** systemd's units: files, drop-ins, templates with their instances, and specifiers. */

import { folderOf } from "../config/node.ts";
import { type At, type Draft, type ServiceDraft, safeName } from "./draft.ts";
import { type IniEntry, readSystemdIni } from "./ini.ts";
import { type Sources, Unusable } from "./sources.ts";

export type UnitType = "service" | "timer" | "socket" | "target";

export interface UnitEntry extends IniEntry {
  section: string;
}

export interface Unit {
  /** web.service, worker@1.service. */
  name: string;
  /** The name without the ending, and without @ and what follows it. */
  prefix: string;
  instance: string | null;
  type: UnitType;
  at: At;
  entries: UnitEntry[];
}

const unitName = /^([^@/]+)(@([^/]*))?\.(service|timer|socket|target)$/;

export function isUnitName(name: string): boolean {
  return unitName.test(name);
}

/** The name of the service that a unit becomes. */
export function wantedName(unit: Unit): string {
  const base = unit.instance === null ? unit.prefix : `${unit.prefix}-${unit.instance}`;
  return safeName(unescapeUnit(base).replaceAll("/", "-"));
}

/** All units of folders and files, with the instances that are asked for somewhere. */
export class UnitReader {
  readonly units = new Map<string, Unit>();
  /** Units that a folder NAME.wants or NAME.requires holds: unit, then who wants it. */
  readonly wantedBy = new Map<string, { by: string; required: boolean }[]>();
  private readonly sources: Sources;
  private readonly draft: Draft;
  private readonly folders = new Set<string>();
  private readonly templates = new Map<string, At>();
  private readonly instantiated = new Set<string>();

  constructor(sources: Sources, draft: Draft) {
    this.sources = sources;
    this.draft = draft;
  }

  addFolder(folder: string): void {
    this.folders.add(folder);
    const names = this.sources.list(folder);
    for (const name of names) {
      const links = /^(.+)\.(wants|requires)$/.exec(name);
      if (links !== null) this.addLinks(`${folder}/${name}`, links[1] as string, links[2] === "requires");
    }
    for (const name of names)
      if (isUnitName(name) && this.sources.isFile(`${folder}/${name}`)) this.addFile(folder, name);
    for (const name of this.wantedBy.keys()) if (isUnitName(name)) this.addInstance(name);
  }

  addPath(path: string): void {
    const folder = folderOf(path);
    const name = path.slice(path.lastIndexOf("/") + 1);
    this.folders.add(folder);
    if (!isUnitName(name))
      throw new Unusable(`cannot import ${this.sources.shown(path)}: it is no service, timer, socket or target`);
    this.addFile(folder, name);
  }

  /** Instances that units speak of, until there is nothing new; then the templates that nobody has asked for. */
  finish(): void {
    const seen = new Set<string>();
    for (let more = true; more; ) {
      more = false;
      for (const unit of [...this.units.values()]) {
        if (seen.has(unit.name)) continue;
        seen.add(unit.name);
        more = true;
        for (const { value } of unit.entries)
          for (const word of value.split(/\s+/))
            if (/@[^/]+\.[a-z]+$/.test(word) && isUnitName(word)) this.addInstance(word);
      }
    }
    for (const [name, at] of this.templates) {
      if (this.instantiated.has(name)) continue;
      this.draft.note(
        { ...at, key: name },
        "it is a template, and nothing names an instance of it",
        `gonit import ${name.replace("@.", "@NAME.")}`,
      );
    }
  }

  private addLinks(folder: string, by: string, required: boolean): void {
    for (const name of this.sources.list(folder)) {
      const list = this.wantedBy.get(name) ?? [];
      list.push({ by, required });
      this.wantedBy.set(name, list);
    }
  }

  private addFile(folder: string, name: string): void {
    if (/@\.[a-z]+$/.test(name)) {
      const { entries, at } = this.read(folder, name);
      this.templates.set(name, at);
      const usual = entries.findLast(({ key }) => key === "DefaultInstance")?.value;
      if (usual !== undefined) this.addInstance(name.replace("@.", `@${usual}.`));
    } else this.addUnit(folder, name, name);
  }

  private addInstance(name: string): void {
    if (this.units.has(name) || /@\./.test(name)) return;
    const template = name.replace(/@.*(\.[a-z]+)$/, "@$1");
    for (const folder of this.folders) {
      const own = this.sources.isFile(`${folder}/${name}`);
      if (!own && !this.sources.isFile(`${folder}/${template}`)) continue;
      this.addUnit(folder, name, own ? name : template);
      return;
    }
  }

  private addUnit(folder: string, name: string, fileName: string): void {
    if (this.units.has(name)) return;
    const found = unitName.exec(name);
    const template = name.replace(/@.*(\.[a-z]+)$/, "@$1");
    if (fileName !== name || typeof this.sources.kindOf(`${folder}/${fileName}`) === "number") {
      if (!this.sources.isFile(`${folder}/${template}`))
        throw new Unusable(
          `cannot read ${this.sources.shown(`${folder}/${name}`)}: there is no such file, and no ${template}`,
        );
      fileName = template;
      this.instantiated.add(template);
    }
    const { entries, at } = this.read(folder, fileName);
    for (const dropIns of new Set([`${template}.d`, `${name}.d`]))
      entries.push(...this.dropIns(`${folder}/${dropIns}`));
    const [, prefix = "", , instance] = found as RegExpExecArray;
    const unit: Unit = {
      name,
      prefix,
      instance: instance ?? null,
      type: (found as RegExpExecArray)[4] as UnitType,
      at,
      entries,
    };
    this.units.set(name, unit);
    for (const entry of entries) entry.value = expandSpecifiers(entry, unit, this.draft);
  }

  private dropIns(folder: string): UnitEntry[] {
    if (!this.sources.isFolder(folder)) return [];
    const names = this.sources.list(folder).filter((name) => name.endsWith(".conf"));
    return names.flatMap((name) => this.read(folder, name).entries);
  }

  private read(folder: string, name: string): { entries: UnitEntry[]; at: At } {
    if (this.sources.files.realPath(`${folder}/${name}`) === "/dev/null")
      throw new Unusable(`cannot import ${this.sources.shown(`${folder}/${name}`)}: it is masked, a link to /dev/null`);
    const file = this.sources.read(`${folder}/${name}`);
    const found = readSystemdIni(file.text, file.shown);
    for (const at of found.wrong) this.draft.note(at, "the line is no key and no section");
    const entries = found.sections.flatMap(({ name: section, entries: list }) =>
      list.map((entry) => ({ ...entry, section })),
    );
    return { entries, at: { file: file.shown, line: 0, key: name } };
  }
}

/** `\x2d` and - for / in names. */
export function unescapeUnit(text: string): string {
  return text.replace(/-|\\x([0-9a-f]{2})/gi, (written, hex?: string) => {
    return hex === undefined ? (written === "-" ? "-" : written) : String.fromCharCode(Number.parseInt(hex, 16));
  });
}

/** Specifiers whose values do not depend on the machine, for services of the system. */
const fixedSpecifiers: { [letter: string]: string } = {
  "%": "%",
  t: "/run",
  S: "/var/lib",
  C: "/var/cache",
  L: "/var/log",
  E: "/etc",
  T: "/tmp",
  V: "/var/tmp",
  h: "/root",
  s: "/bin/sh",
  u: "root",
  U: "0",
  g: "root",
  G: "0",
};

/** systemd.unit(5), Specifiers. What only the machine knows stays, and is told. */
function expandSpecifiers(entry: UnitEntry, unit: Unit, draft: Draft): string {
  const { name, prefix, instance } = unit;
  const path = (text: string) => unescapeUnit(text.replace(/-/g, "/"));
  const own: { [letter: string]: string } = {
    n: name,
    N: name.replace(/\.[a-z]+$/, ""),
    p: prefix,
    P: unescapeUnit(prefix),
    i: instance ?? "",
    I: path(instance ?? ""),
    j: prefix.replace(/^.*-/, ""),
    J: unescapeUnit(prefix.replace(/^.*-/, "")),
    f: `/${path(instance ?? prefix)}`,
  };
  return entry.value.replace(/%([A-Za-z%])/g, (written, letter: string) => {
    const value = own[letter] ?? fixedSpecifiers[letter];
    if (value === undefined)
      draft.note(entry.at, `only the machine knows what ${written} is: it stays as it is`, "write it out");
    return value ?? written;
  });
}

/** A unit that became a service, or a group. */
export interface Made {
  unit: Unit;
  service: ServiceDraft;
}
