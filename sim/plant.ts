/** How a fault is put into the engine on purpose. */

import type { Effect } from "../src/engine/effect.ts";
import { engineOf, type Node } from "../src/engine/engine.ts";
import type { Run, Unit } from "../src/engine/state.ts";
import type { World } from "./world.ts";

/** Spoils a step that was right. */
export type Plant = (world: World, effects: Effect[]) => void;

export interface Planted {
  name: string;
  /** What the simulator says about it. */
  finds: RegExp;
  plant: Plant;
}

export function firstNode(world: World, isIt: (node: Node) => boolean): Node | undefined {
  return engineOf(world.state).nodes.find(isIt);
}

/** Spoils the first unit of this kind. */
export function onUnit(isIt: (unit: Unit, node: Node) => boolean, spoil: (unit: Unit, node: Node) => void): Plant {
  return (world) => {
    const node = firstNode(world, (one) => isIt(one.unit, one));
    if (node !== undefined) spoil(node.unit, node);
  };
}

/** Spoils the first run of this kind. */
export function onRun(isIt: (run: Run, unit: Unit) => boolean, spoil: (run: Run, unit: Unit) => void): Plant {
  return onUnit(
    (unit) => unit.run !== null && isIt(unit.run, unit),
    (unit) => spoil(unit.run as Run, unit),
  );
}

/** Takes effects of this kind away. */
export function without(isIt: (effect: Effect) => boolean): Plant {
  return (_world, effects) => {
    for (let at = effects.length - 1; at >= 0; at--) if (isIt(effects[at] as Effect)) effects.splice(at, 1);
  };
}
