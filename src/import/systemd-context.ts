/** What the rules of systemd's directives work on, and how they write what many of them write. */

import { type Data, Raw } from "../config/write-yaml.ts";
import { type At, type Draft, literal, type ServiceDraft } from "./draft.ts";
import { duration, readDuration } from "./durations.ts";
import type { SystemdCommand } from "./systemd-command.ts";
import type { Unit } from "./systemd-units.ts";

export type ExecKey = "start" | "startPre" | "startPost" | "stop" | "stopPost" | "reload" | "condition";

export interface SystemdContext {
  unit: Unit;
  service: ServiceDraft;
  draft: Draft;
  /** The services that units became; null: the unit is not imported. */
  serviceOf: (unit: string) => string | null;
  /** Directives whose meaning depends on others. */
  commands: Map<ExecKey, SystemdCommand[]>;
  /** The last value of a directive that is looked at when all are read. */
  last: Map<string, { value: string; at: At }>;
}

export type SystemdRule = (value: string, at: At, context: SystemdContext) => void;

export function isYes(value: string): boolean {
  return /^(?:1|yes|y|true|t|on)$/i.test(value);
}

/** Kept until all is read. */
export const later: SystemdRule = (value, at, { last }) => {
  last.set(at.key, { value, at });
};

export function text(key: string): SystemdRule {
  return (value, at, { service }) => {
    if (value === "") service.remove(key);
    else service.set(key, literal(value), at);
  };
}

/** An entry of a map, made of the value; null: it cannot be, which is told. */
export function entry(key: string, name: string, make: (value: string) => Data | null): SystemdRule {
  return (value, at, { service, draft }) => {
    if (value === "") return;
    const made = make(value);
    if (made === null) draft.note(at, `${value} has no counterpart`);
    else service.put(key, name, made, at);
  };
}

export function flag(key: string, name: string): SystemdRule {
  return (value, at, { service }) => {
    if (isYes(value)) service.put(key, name, true, at);
  };
}

export function time(value: string): Data | null {
  const ms = readDuration(value);
  return ms === null || ms === 0 ? null : duration(ms);
}

export function wholeNumber(value: string): Data | null {
  return /^-?\d+$/.test(value) ? new Raw(value) : null;
}

/** Sizes are in powers of 1024, as here. */
export function size(value: string): Data | null {
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT]?)B?$/i.exec(value);
  return found === null ? null : new Raw(`${found[1]}${(found[2] ?? "").toUpperCase()}`);
}

/** Words of several assignments, which an empty one forgets. */
export function words(key: string, name: string | null = null): SystemdRule {
  return (value, at, { service }) => {
    if (value === "") {
      if (name === null) service.remove(key);
      return;
    }
    for (const word of value.split(/\s+/)) {
      if (name === null) service.add(key, literal(word), at);
      else service.put(key, name, [...((service.map(key)[name] as Data[] | undefined) ?? []), literal(word)], at);
    }
  };
}
