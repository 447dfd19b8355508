import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FileTexts, load, planOf } from "../../tests/config/memory-files.ts";
import { assertProperty } from "../../tests/properties.ts";
import type { Plan } from "../engine/plan.ts";

const main = "/app/config.yml";

type Value = string | number | boolean | null | string[] | Map;
interface Map {
  [key: string]: Value;
}

/** A file: keys of the whole, of `defaults`, and of services by name. */
interface Layer {
  system: Map;
  defaults: Map;
  services: [name: string, keys: Map][];
}

/** A map of some keys, any of which may be null. */
function mapOf(keys: Record<string, fc.Arbitrary<Value>>): fc.Arbitrary<Map> {
  const nullable = Object.entries(keys).map(([key, value]) => [
    key,
    fc.oneof({ weight: 25, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }),
  ]);
  return fc.record(Object.fromEntries(nullable), { requiredKeys: [] }) as fc.Arbitrary<Map>;
}

const word = fc.constantFrom("a", "b", "yes", "1.10", "");
const time = fc.constantFrom("1s", "2m", 5);
const serviceKeys = mapOf({
  description: word,
  user: fc.constantFrom("www", "1000"),
  tags: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }),
  pre_start: fc.array(fc.constantFrom("one", "two -x"), { maxLength: 2 }),
  enabled: fc.boolean(),
  umask: fc.constantFrom("077", "0002"),
  environment: mapOf({ A: word, B: word, __proto: word, constructor: word }),
  labels: mapOf({ tier: word, owner: word }),
  stop: fc.oneof(fc.constantFrom("SIGINT", "HUP"), mapOf({ signal: fc.constantFrom("QUIT"), timeout: time })),
  restart: fc.oneof(
    fc.constantFrom("no", "always"),
    mapOf({ policy: fc.constant("always"), delay: time, jitter: fc.constant(0) }),
  ),
  timeout: mapOf({ start: time, run: fc.constantFrom("off", "1h") }),
  logs: fc.oneof(
    fc.constantFrom("none", "console"),
    mapOf({ to: fc.constant("none"), keep: fc.nat(9), prefix: fc.boolean() }),
  ),
});
const layer: fc.Arbitrary<Layer> = fc.record({
  system: mapOf({
    title: word,
    version: word,
    shutdown: mapOf({ timeout: time }),
    hostname: fc.constantFrom("h1", "h2"),
  }),
  defaults: serviceKeys,
  services: fc.uniqueArray(fc.tuple(fc.constantFrom("web", "db", "log"), serviceKeys), { selector: ([name]) => name }),
});

function textOf({ system, defaults, services }: Layer, more: Map = {}): string {
  // A null for the whole of an empty map would be none.
  return JSON.stringify({
    ...more,
    ...system,
    defaults,
    services: services.map(([name, keys]) => ({ name, ...keys })),
  });
}

/** The rule of merging, written down a second time: whether every null had something to delete. */
class Merge {
  whole = true;

  over(under: Map, layer: Map): Map {
    const merged = { ...under };
    for (const [key, value] of Object.entries(layer)) {
      if (value === null) this.remove(merged, key);
      else if (isMergedWithin(key)) merged[key] = this.within(merged[key] as Map | undefined, longForm(key, value));
      else merged[key] = value;
    }
    return merged;
  }

  private within(under: Map | undefined, layer: Map): Map {
    const merged = { ...under };
    for (const [key, value] of Object.entries(layer)) {
      if (value === null) this.remove(merged, key);
      else merged[key] = value;
    }
    return merged;
  }

  private remove(from: Map, key: string): void {
    if (!Object.hasOwn(from, key)) this.whole = false;
    delete from[key];
  }
}

function isMergedWithin(key: string): boolean {
  return ["environment", "labels", "stop", "restart", "timeout", "logs", "shutdown"].includes(key);
}

function longForm(key: string, value: Value): Map {
  if (typeof value === "object") return value as Map;
  return { [{ stop: "signal", restart: "policy", logs: "to" }[key] ?? ""]: value };
}

/** All layers as one; null: a null has nothing to delete. */
function merged(layers: Layer[]): Layer | null {
  const merge = new Merge();
  const system = layers.reduce((under, one) => merge.over(under, one.system), {} as Map);
  const defaults = layers.reduce((under, one) => merge.over(under, one.defaults), {} as Map);
  const services: Record<string, Map> = {};
  for (const [name, keys] of layers.flatMap((one) => one.services))
    services[name] = merge.over(services[name] ?? defaults, keys);
  return merge.whole ? { system, defaults: {}, services: Object.entries(services) } : null;
}

/** The first names each service, so that a service without a command is no problem. */
const commands: Layer = {
  system: {},
  defaults: {},
  services: ["web", "db", "log"].map((name) => [name, { command: `run ${name}` }]),
};

/** Layers as files of config.d. */
function extraFiles(layers: Layer[]): FileTexts {
  return Object.fromEntries(layers.map((one, at) => [`/app/config.d/${at}.yml`, textOf(one)]));
}

/** Without where it was read from. */
function said(plan: Plan): unknown {
  const services = plan.services.map(({ definedAt: _, ...service }) => service);
  return JSON.parse(JSON.stringify({ ...plan, sources: [], services }));
}

const layers = fc.array(layer, { minLength: 1, maxLength: 4 });

test("files laid over each other mean what one file with all of it merged means, or a null is refused", () => {
  let refused = 0;
  let accepted = 0;
  assertProperty(
    fc.property(layers, (list) => {
      const all = [commands, ...list];
      const files = { [main]: textOf(commands), ...extraFiles(list) };
      const one = merged(all);
      if (one === null) {
        const result = load(files);
        assert.ok("problems" in result && /there is nothing .* that it could delete/.test(result.problems.join()));
        refused++;
        return;
      }
      accepted++;
      assert.deepEqual(said(planOf(files)), said(planOf({ [main]: textOf(one) })));
    }),
    { runs: 300 },
  );
  console.log(`figures: layers: ${accepted} sets merged as one file, ${refused} refused for a null`);
  assert.ok(accepted > 50 && refused > 50, `${accepted} accepted, ${refused} refused`);
});

test("layers that say nothing change nothing, wherever they lie", () => {
  const nothing = fc.constantFrom(
    "services: []",
    "{}",
    "# nothing",
    "defaults: {}",
    "x-notes: {a: 1}",
    "services: [{name: web}]",
  );
  assertProperty(
    fc.property(layer, nothing, fc.nat(2), (one, text, at) => {
      const files: FileTexts = { [main]: textOf(commands), "/app/config.d/1.yml": textOf(one) };
      const before = load(files);
      const after = load({ ...files, [`/app/config.d/${at}.yml`.replace("/1.", "/1b.")]: text });
      assert.deepEqual("plan" in after ? said(after.plan) : "", "plan" in before ? said(before.plan) : "");
    }),
    { runs: 100 },
  );
});

test("layers may be put together in any grouping: by config.d, by one include, by includes within includes", () => {
  assertProperty(
    fc.property(layer, layer, layer, (a, b, c) => {
      const first = textOf(commands);
      const ways: FileTexts[] = [
        { [main]: first, ...extraFiles([a, b, c]) },
        {
          [main]: textOf(c, { include: ["0.yml", "a.yml", "b.yml"] }),
          "/app/0.yml": first,
          "/app/a.yml": textOf(a),
          "/app/b.yml": textOf(b),
        },
        {
          [main]: textOf(c, { include: "b.yml" }),
          "/app/b.yml": textOf(b, { include: "a.yml" }),
          "/app/a.yml": textOf(a, { include: "0.yml" }),
          "/app/0.yml": first,
        },
        {
          [main]: textOf(a, { include: "0.yml" }),
          "/app/0.yml": first,
          "/app/config.d/1.yml": textOf(c, { include: "../b.yml" }),
          "/app/b.yml": textOf(b),
        },
      ];
      const plans = ways.map((files) => {
        const result = load(files);
        return "plan" in result ? said(result.plan) : result.problemCount;
      });
      for (const plan of plans) assert.deepEqual(plan, plans[0]);
    }),
    { runs: 100 },
  );
});
