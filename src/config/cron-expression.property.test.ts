import assert from "node:assert/strict";
import { test } from "node:test";
import { Cron } from "croner";
import fc from "fast-check";
import { intlZone } from "../../tests/config/intl-zone.ts";
import { assertProperty } from "../../tests/properties.ts";
import type { ZoneTable } from "../engine/calendar.ts";
import { type CronFields, nextCron } from "../engine/cron.ts";
import { parseCron } from "./cron-expression.ts";

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "sun mon tue wed thu fri sat".split(" ");

/** One part of a field: a value, a range, a range or a star with a step; by name where there are names. */
function part(min: number, max: number, names: string[], hasStars: boolean): fc.Arbitrary<string> {
  const shown = (value: number, byName: boolean): string =>
    byName ? (names[value - min] ?? String(value)) : String(value);
  const value = fc.tuple(fc.integer({ min, max }), fc.boolean()).map(([at, byName]) => shown(at, byName));
  const range = fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.boolean())
    .map(([one, other, byName]) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      // For croner sun-sun is the whole week.
      const named = byName && !(names === days && to === 0);
      return `${shown(from, named)}-${shown(to, named)}`;
    });
  const step = fc.integer({ min: 1, max: Math.min(max - min, 20) });
  const stepped = fc.tuple(range, step).map(([text, width]) => `${text}/${width}`);
  const starred = step.map((width) => `*/${width}`);
  return hasStars ? fc.oneof(value, range, stepped, starred) : fc.oneof(value, range, stepped);
}

function field(min: number, max: number, names: string[] = [], hasStars = true): fc.Arbitrary<string> {
  const list = fc
    .array(part(min, max, names, hasStars), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(","));
  return fc.oneof({ weight: 2, arbitrary: fc.constant("*") }, { weight: 3, arbitrary: list });
}

/**
 * croner takes a step over a star for a restriction of the days where crontab(5) does not: such days stand beside a star
 * only.
 */
const dates = fc.oneof(
  fc.tuple(field(1, 31), fc.constant("*")),
  fc.tuple(fc.constant("*"), field(0, 6, days)),
  fc.tuple(field(1, 31, [], false), field(0, 6, days, false)),
);

const expressions = fc
  .tuple(field(0, 59), field(0, 23), dates, field(1, 12, months))
  .map(([minute, hour, [date, weekday], month]) => `${minute} ${hour} ${date} ${month} ${weekday}`);

const instants = fc.integer({ min: 1_600_000_000, max: 2_500_000_000 }).map((seconds) => seconds * 1000);

function fieldsOf(text: string): CronFields | null {
  const cron = parseCron(text);
  return "minutes" in cron ? cron : null;
}

test("nextCron() finds the times that croner finds, in UTC", () => {
  assertProperty(
    fc.property(expressions, fc.array(instants, { minLength: 4, maxLength: 4 }), (text, times) => {
      const cron = fieldsOf(text);
      const other = new Cron(text, { timezone: "UTC", mode: "5-part" });
      for (const atMs of times) {
        const expected = other.nextRun(new Date(atMs))?.getTime() ?? null;
        assert.equal(
          cron === null ? null : nextCron(cron, [0], atMs),
          expected,
          `${text} after ${new Date(atMs).toISOString()}`,
        );
      }
    }),
    { runs: 25_000 },
  );
});

/** Farther than a day from each change of the zone's offset, where croner has other rules. */
function isNearChange(zone: ZoneTable, wallMs: number): boolean {
  for (let at = 1; at < zone.length; at += 2)
    if (Math.abs((zone[at] as number) * 1000 - wallMs) < 86_400_000) return true;
  return false;
}

for (const name of ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]) {
  test(`nextCron() finds the times that croner finds, in ${name}`, () => {
    const zone = intlZone(name);
    let compared = 0;
    assertProperty(
      fc.property(expressions, instants, (text, atMs) => {
        const cron = fieldsOf(text);
        if (cron === null || isNearChange(zone, atMs)) return;
        const expected = new Cron(text, { timezone: name, mode: "5-part" }).nextRun(new Date(atMs))?.getTime() ?? null;
        const found = nextCron(cron, zone, atMs);
        if ([expected, found].some((ms) => ms !== null && isNearChange(zone, ms))) return;
        // A time that was skipped or doubled on the way to this one.
        compared++;
        assert.equal(found, expected, `${text} after ${new Date(atMs).toISOString()}`);
      }),
      { runs: 1200 },
    );
    assert.ok(compared > 800);
  });
}
