/** What a broken engine would do to the tables that it keeps beside its state. */

import { engineOf } from "../src/engine/engine.ts";
import { firstNode, type Planted } from "./plant.ts";

export const tableFaults: Planted[] = [
  {
    name: "a table holds more than there is",
    finds: /nodes and units differ/,
    plant: ({ state }) => {
      const { nodes } = engineOf(state);
      const [first] = nodes;
      if (first !== undefined && nodes.length === state.units.length) nodes.push(first);
    },
  },
  {
    name: "a table holds a unit of before",
    finds: /node \d+ is not its unit's/,
    plant: (world) => {
      const node = firstNode(world, ({ unit }) => unit.state === "ready");
      if (node !== undefined) node.unit = { ...node.unit };
    },
  },
  {
    name: "a dependency is forgotten",
    finds: /edges of /,
    plant: (world) => {
      const node = firstNode(world, ({ unit, needs }) => unit.state === "ready" && needs.length > 0);
      if (node !== undefined) node.needs = [];
    },
  },
  {
    name: "a unit that went away is not looked at",
    finds: /is still to be looked at/,
    plant: (world) => {
      const node = firstNode(world, ({ unit, neededBy }) => unit.state === "stopped" && neededBy.length === 0);
      if (node !== undefined) node.wentAway = true;
    },
  },
  {
    name: "a request's time limit is forgotten",
    finds: /request timers/,
    plant: ({ state }) => {
      engineOf(state).requestTimers.clear();
    },
  },
];
