import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeHistory } from "../../sim/histories.ts";
import { restart } from "../../sim/plans.ts";
import { World } from "../../sim/world.ts";
import { Obedient } from "../../tests/engine/obedient.ts";
import { assertProperty } from "../../tests/properties.ts";
import { ProcessKind, Role } from "../contract.ts";
import { planChanges } from "./diff.ts";
import type { CommandPlan, Plan, ServicePlan } from "./plan.ts";

const quietMs = 20_000;

/** Without what changes by itself, runs that end and waits for what never comes, and without what order decides. */
function calm(services: ServicePlan[]): ServicePlan[] {
  const ends = new Set(services.filter(({ type, ready }) => type === "task" || ready.kind === "exit").map(nameOf));
  return services.map((one) => ({
    ...one,
    conflicts: [],
    // What runs when it becomes lazy goes on.
    sockets: [],
    runTimeoutMs: null,
    watchdogMs: null,
    schedule: null,
    pidFile: "",
    critical: "no",
    restart: restart({ policy: "on-failure", delayMs: 0 }),
    dependsOn: one.dependsOn.map((need) => (ends.has(need.name) ? need : { ...need, wait: "ready" })),
  }));
}

function nameOf({ name }: ServicePlan): string {
  return name;
}

/** Small numbers for a failure to show. */
const chosen = fc.record({ seed: fc.nat(1_000_000), at: fc.nat(20), isOther: fc.boolean() });

/** A plan that is wholly enabled, and the same with one thing changed, or quite another one. */
function plansOf({ seed, at, isOther }: { seed: number; at: number; isOther: boolean }): [Plan, Plan] {
  const { plan, moves } = makeHistory(seed);
  const applies = moves.flatMap((move) => (move.kind === "apply" ? [move.services] : []));
  const others = isOther ? makeHistory(seed + 1).plan.services : applies[at % Math.max(1, applies.length)];
  // A machine stays up when nothing runs.
  const first = { ...plan, role: Role.vm, services: calm(plan.services).map((one) => ({ ...one, enabled: true })) };
  return [first, { ...first, services: calm(others ?? []) }];
}

class QuietWorld {
  readonly world: World;
  private readonly behaviour = new Obedient();
  private readonly commands = new Map<number, CommandPlan>();

  constructor() {
    this.world = new World({
      seed: 1,
      behaviour: this.behaviour,
      watch: (what) => {
        if ("effect" in what && what.effect.kind === "spawn" && what.effect.processKind === ProcessKind.main)
          this.commands.set(what.effect.startTicket, what.effect.command);
      },
    });
  }

  apply(plan: Plan): void {
    for (const one of plan.services) this.behaviour.services.set(one.name, one);
    this.world.load(plan, { asRequest: true });
    this.world.advance(quietMs);
  }

  /** What is there, by name. */
  shown(): Record<string, unknown> {
    return Object.fromEntries(
      this.world.state.units.map(({ name, state, wanted, run, oldPlan, removed }) => [
        name,
        { state, wanted, oldPlan, removed, command: run === null ? null : this.commands.get(run.start) },
      ]),
    );
  }

  starts(): Map<string, number> {
    return new Map(this.world.state.units.map(({ name, run }) => [name, run?.start ?? 0]));
  }
}

/** Services that an apply may restart: what changed, and what cannot go on without it. */
function touched(from: Plan, to: Plan): Set<string> {
  const names = new Set(
    planChanges(from, to, [])
      .filter(({ action, because }) => action !== "keep" || because !== "")
      .map(({ service }) => service),
  );
  const services = [...from.services, ...to.services];
  for (let size = -1; size !== names.size; ) {
    size = names.size;
    for (const { name, dependsOn } of services) if (dependsOn.some((need) => names.has(need.name))) names.add(name);
  }
  return names;
}

test("an apply and its reverse lead back to what was there, and restart nothing that they do not concern", () => {
  let kept = 0;
  let replaced = 0;
  assertProperty(
    fc.property(chosen, (numbers) => {
      const [one, other] = plansOf(numbers);
      const quiet = new QuietWorld();
      quiet.apply(one);
      const before = quiet.shown();
      const starts = quiet.starts();
      quiet.apply(other);
      const concerned = touched(one, other);
      quiet.apply(one);
      assert.deepEqual(quiet.shown(), before);
      for (const [name, start] of quiet.starts()) {
        if (start === starts.get(name)) kept++;
        else replaced++;
        if (!concerned.has(name)) assert.equal(start, starts.get(name), `${name} was restarted`);
      }
    }),
    { runs: 300 },
  );
  console.log(`figures: applies and their reverse: ${kept} runs kept, ${replaced} replaced`);
  assert.ok(kept > 100 && replaced > 100, `${kept} runs kept, ${replaced} replaced`);
});

test("an apply leads to the same state as a start with that plan", () => {
  assertProperty(
    fc.property(chosen, (numbers) => {
      const [one, other] = plansOf(numbers);
      const changed = new QuietWorld();
      changed.apply(one);
      changed.apply(other);
      const fresh = new QuietWorld();
      fresh.apply(other);
      assert.deepEqual(changed.shown(), fresh.shown());
    }),
    { runs: 300 },
  );
});
