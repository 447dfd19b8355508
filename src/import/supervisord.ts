/** supervisord.conf: sections, what they include, and programs that become several services. */

import { folderOf, resolvePath } from "../config/node.ts";
import { type At, type Draft, LeftOut } from "./draft.ts";
import { filesMatching } from "./globs.ts";
import { type IniSection, readSupervisorIni } from "./ini.ts";
import type { Sources } from "./sources.ts";
import { importProgram, type Program } from "./supervisord-program.ts";
import { expandSupervisor, supervisorEnvironment } from "./supervisord-texts.ts";

/** Sections that are about supervisord itself. */
export const supervisordSections: { [name: string]: LeftOut } = {
  supervisord: new LeftOut("it is about supervisord itself", "gonit help up names gonit's own options"),
  supervisorctl: new LeftOut(
    "it is about supervisord's client",
    "gonit status, gonit logs and the others need no setting",
  ),
  unix_http_server: new LeftOut("gonit has a control socket of its own", "gonit up --socket PATH chooses where"),
  inet_http_server: new LeftOut("gonit is asked through its control socket only"),
  rpcinterface: new LeftOut("gonit has no plug-ins"),
  eventlistener: new LeftOut(
    "gonit does not speak the protocol of event listeners",
    "gonit status --json tells the states",
  ),
  ctlplugin: new LeftOut("gonit has no plug-ins"),
};

const includesMax = 500;

interface Group {
  name: string;
  programs: string[];
}

export function importSupervisord(path: string, sources: Sources, draft: Draft): void {
  const file = sources.read(path);
  const sections = [{ here: folderOf(path), sections: sectionsOf(file.text, file.shown, draft) }];
  const include = sections[0]?.sections.find(({ name }) => name === "include");
  for (const found of include === undefined ? [] : included(include, path, sources, draft)) {
    const more = sources.read(found);
    sections.push({ here: folderOf(path), sections: sectionsOf(more.text, more.shown, draft) });
  }
  const programs: Program[] = [];
  const groups: Group[] = [];
  for (const { here, sections: list } of sections)
    for (const section of list) readSection(section, here, sources, draft, programs, groups);
  const names = new Map<string, string[]>();
  for (const program of programs) {
    const group = groups.find(({ programs: members }) => members.includes(program.name));
    names.set(program.name, importProgram({ ...program, group: group?.name ?? null }, draft));
  }
  orderByPriority(programs, names, draft);
}

function sectionsOf(text: string, shown: string, draft: Draft): IniSection[] {
  const found = readSupervisorIni(text, shown);
  for (const at of found.wrong) draft.note(at, "the line is no key and no section");
  return found.sections;
}

function included(section: IniSection, path: string, sources: Sources, draft: Draft): string[] {
  const found: string[] = [];
  for (const { key, value, at } of section.entries) {
    if (key !== "files") draft.note(at, "there is no such key");
    else {
      for (const pattern of value
        .replaceAll("%(here)s", folderOf(path))
        .split(/\s+/)
        .filter((word) => word !== "")) {
        const files = filesMatching(resolvePath(folderOf(path), pattern), sources);
        if (files.length === 0) draft.note({ ...at, key: pattern }, "no file is of this name");
        found.push(...files);
      }
    }
  }
  // supervisord reads each file once, and no includes of what is included.
  const files = [...new Set(found)].filter((one) => one !== path);
  if (files.length > includesMax) draft.note(section.at, `more than ${includesMax} files are not read`);
  return files.slice(0, includesMax);
}

function readSection(
  section: IniSection,
  here: string,
  sources: Sources,
  draft: Draft,
  programs: Program[],
  groups: Group[],
): void {
  const { name: written, entries, at } = section;
  const colon = written.indexOf(":");
  const kind = colon < 0 ? written : written.slice(0, colon);
  const name = written.slice(colon + 1).trim();
  const left = Object.hasOwn(supervisordSections, kind) ? supervisordSections[kind] : undefined;
  if (kind === "program" || kind === "fcgi-program") {
    const base = sources.relative(here);
    programs.push({ name, at, here: base, group: null, isFcgi: kind === "fcgi-program", values: lastValues(entries) });
  } else if (kind === "group") groups.push(groupOf(section, name, draft));
  else if (kind === "supervisord") readGlobal(section, here, sources, draft);
  else if (left !== undefined) draft.leave(at, left);
  else if (kind !== "include") draft.note(at, "there is no such section");
}

function lastValues(entries: IniSection["entries"]): Program["values"] {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function groupOf({ entries }: IniSection, name: string, draft: Draft): Group {
  const programs = entries.findLast(({ key }) => key === "programs")?.value.split(/[,\s]+/) ?? [];
  for (const { key, at } of entries) {
    if (key === "priority") draft.note(at, "groups have no order of their own", "write after: [NAME] at a service");
    else if (key !== "programs") draft.note(at, "there is no such key");
  }
  return { name, programs };
}

/** What supervisord hands on to all programs. */
function readGlobal({ entries, at }: IniSection, here: string, sources: Sources, draft: Draft): void {
  const left: string[] = [];
  for (const { key, value, at: where } of entries) {
    if (key === "environment") importEnvironment(value, where, draft, sources.relative(here));
    else if (key === "umask" && /^[0-7]+$/.test(value)) draft.defaults.umask = value;
    else if (key !== "nodaemon") left.push(key);
  }
  if (left.length > 0)
    draft.leave({ ...at, key: `${at.key} ${left.join(", ")}` }, supervisordSections.supervisord as LeftOut);
}

function importEnvironment(value: string, at: At, draft: Draft, here: string): void {
  const expanded = expandSupervisor(value, { here }, at, draft);
  const variables = supervisorEnvironment(expanded);
  if (variables === null) draft.note(at, 'it is no list of NAME="value"');
  else draft.system.environment = variables;
}

/** Programs of a lower priority are started first there, and stopped last. */
function orderByPriority(programs: Program[], names: Map<string, string[]>, draft: Draft): void {
  const byLevel = new Map<number, string[]>();
  for (const program of programs) {
    const level = priorityOf(program);
    byLevel.set(level, [...(byLevel.get(level) ?? []), ...(names.get(program.name) ?? [])]);
  }
  const levels = [...byLevel.keys()].sort((a, b) => a - b);
  const before = new Map(levels.map((level, index) => [level, levels[index - 1]]));
  for (const program of programs) {
    const first = byLevel.get(before.get(priorityOf(program)) ?? Number.NaN) ?? [];
    const at = program.values.get("priority")?.at ?? program.at;
    for (const name of first.length === 0 ? [] : (names.get(program.name) ?? []))
      draft.services.get(name)?.set("after", first, at);
  }
}

function priorityOf({ values }: Program): number {
  const priority = Number(values.get("priority")?.value ?? 999);
  return Number.isNaN(priority) ? 999 : priority;
}
