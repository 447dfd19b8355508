/** What a scenario can look at: the verbs that print what a user would see. */

import { readCauses } from "../src/engine/causes.ts";
import type { State } from "../src/engine/state.ts";
import type { Explanation } from "../src/engine/view.ts";
import { explainPending } from "../src/engine/view-pending.ts";
import { systemStatus } from "../src/engine/view-status.ts";
import { explain } from "../src/engine/view-why.ts";
import type { World } from "./world.ts";

function nowOf(world: World) {
  const { nowMs } = world;
  return { monotonicMs: nowMs, bootMs: nowMs, wallMs: nowMs + world.wallOffsetMs };
}

/** `status`: the system and a line for each service. */
export function statusLines(world: World): string[] {
  const status = systemStatus(world.state, nowOf(world));
  const lines = [status.state];
  for (const one of status.services) {
    const marks = one.marks.filter((mark) => mark !== "healthy").join(" ");
    const parts = [one.name, one.shown, one.pid === null ? "" : `pid ${one.pid}`, marks, one.reason];
    lines.push(parts.filter((text) => text !== "").join(" | "));
  }
  if (status.apply !== null) {
    const { waitsFor, failed } = status.apply;
    lines.push(`${failed === "" ? "an apply" : `an apply that ${failed} failed`} waits for ${waitsFor}`);
  }
  if (status.shutdown !== null) lines.push(`shutdown waits for ${status.shutdown.waitsFor.join(" ") || "nothing"}`);
  return lines;
}

/** `show web`: all that `gonit status --json` tells of it; `show`: of the system. */
export function shownLines(world: World, name: string): string[] {
  const { services, ...system } = systemStatus(world.state, nowOf(world));
  const shown = name === "" ? system : services.find((one) => one.name === name);
  if (shown === undefined) throw new Error(`there is no service ${name}`);
  return Object.entries(shown).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
}

/** `why web`, with the newest causes; `why web all`: with all of them, and the last lines. */
export function whyLines(world: World, name: string, isAll: boolean): string[] {
  const found = explain(world.state, name, nowOf(world));
  if (found === null) throw new Error(`there is no service ${name}`);
  const lines = [`${name} is ${found.shown}: ${found.because}`];
  for (const text of found.waitsFor) lines.push(`waits for ${text}`);
  for (const text of found.release) lines.push(`release: ${text}`);
  for (const { event, rule, effect } of found.causes.slice(0, isAll ? undefined : 4))
    lines.push(`${event}: ${rule}${effect === "" ? "" : ` -> ${effect}`}`);
  if (isAll) lines.push(...found.lastLines.map((line) => `last line: ${line}`));
  return lines;
}

/** `why`: all that is under way. `shown` names requests as scenarios do. */
export function pendingLines(world: World, shown: (request: number) => string): string[] {
  return explainPending(world.state, nowOf(world)).flatMap((found) => [
    `${/^\d+$/.test(found.name) ? shown(Number(found.name)) : found.name} is ${found.shown}: ${found.because}`,
    ...found.waitsFor.map((text) => `waits for ${text}`),
    ...found.release.map((text) => `release: ${text}`),
  ]);
}

/** What `why` leaves out of what it has to say of each unit and all that is under way: cause, since when, release. */
export function gapsOfWhy(world: World): string[] {
  const now = nowOf(world);
  const units = world.state.units.map(({ name }) => explain(world.state, name, now)).filter((one) => one !== null);
  return [...units, ...explainPending(world.state, now)].flatMap((found) => gapsOf(found, now.wallMs));
}

function gapsOf(
  { name, state, because, waitsFor, release, causes, sinceWallMs }: Explanation,
  wallMs: number,
): string[] {
  const gaps: string[] = [];
  if (because === "") gaps.push("no cause");
  if (!Number.isFinite(sinceWallMs) || sinceWallMs > wallMs) gaps.push("no since-when");
  // What is up waits for nothing, unless something is wrong with it.
  if (release.length === 0 && (state !== "ready" || waitsFor.length > 0)) gaps.push("no release");
  for (const { rule, event } of causes) if (rule === "" || event === "") gaps.push("an empty link of the chain");
  return gaps.map((gap) => `${name} (${state || "under way"}): ${gap}`);
}

/** `causes`: all that the system remembers of what happened and by which rule, the oldest first. */
export function causeLines({ causes }: State): string[] {
  return readCauses(causes)
    .reverse()
    .map(({ event, rule, effect }) => `${event}: ${rule}${effect === "" ? "" : ` -> ${effect}`}`);
}
