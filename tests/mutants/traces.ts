/**
 * Where survivors can be seen: random histories whose whole trace, with all that a user could look at, is compared with
 * that of the engine as written. A trace that differs kills nothing, it shows where a test would have to look.
 */

import { runHistory } from "../../sim/fuzz.ts";
import { type History, makeHistory } from "../../sim/histories.ts";
import type { World } from "../../sim/world.ts";
import { systemStatus } from "../../src/engine/view-status.ts";
import { explain } from "../../src/engine/view-why.ts";
import type { Check } from "./checks.ts";

/** The engine must be as written when they are made. */
export function traceChecks(count: number): Check[] {
  return Array.from({ length: count }, (_, at) => {
    const history = makeHistory(at + 1);
    const expected = traceOf(history);
    return { name: `history ${at + 1}`, run: () => compare(expected, traceOf(history)) };
  });
}

function compare(expected: string[], found: string[]): void {
  const at = expected.findIndex((line, index) => line !== found[index]);
  if (at < 0 && found.length === expected.length) return;
  const [one = "the end", other = "the end"] = at < 0 ? [undefined, found[expected.length]] : [expected[at], found[at]];
  throw new Error(`line ${at + 1}: ${firstDifference(one, other)}`);
}

function firstDifference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - 60);
  return `${one.slice(0, 50)} … ${one.slice(from, at + 60)} <> ${other.slice(from, at + 60)}`;
}

function traceOf(history: History): string[] {
  const lines: string[] = [];
  try {
    const world = runHistory(history, undefined, {
      watch: (what, watched) => {
        lines.push(JSON.stringify("event" in what ? what.event : what.effect));
        if ("event" in what) look(watched, lines);
      },
    });
    look(world, lines);
  } catch (error) {
    lines.push(String(error));
  }
  return lines;
}

function look(world: World, lines: string[]): void {
  const { nowMs } = world;
  const now = { monotonicMs: nowMs, bootMs: nowMs, wallMs: nowMs + world.wallOffsetMs };
  const status = systemStatus(world.state, now);
  lines.push(JSON.stringify(status));
  for (const { name } of status.services) lines.push(JSON.stringify(explain(world.state, name, now)));
}
