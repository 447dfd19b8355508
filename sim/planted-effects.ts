/** What a broken engine would do among the effects of a step, or over several steps. */

import { ProcessKind } from "../src/contract.ts";
import { definitionOf, engineOf, type Node } from "../src/engine/engine.ts";
import type { Unit } from "../src/engine/state.ts";
import { firstNode, onUnit, type Planted, without } from "./plant.ts";

const isStopped = (unit: Unit) => unit.state === "stopped" && unit.run === null;

export const effectFaults: Planted[] = [
  {
    name: "a program is started twice",
    finds: /is spawned twice/,
    plant: (_world, effects) => {
      const spawn = effects.find(({ kind }) => kind === "spawn");
      if (spawn !== undefined) effects.push(spawn);
    },
  },
  {
    name: "a service starts before what it needs",
    finds: /starts while \S+ is/,
    plant: (world, effects) => {
      const node = firstNode(
        world,
        ({ unit, needs }) =>
          unit.state === "waiting" &&
          needs.some(
            ({ kind, required, old, to }) => kind === "need" && required && !old && to?.unit.state === "stopped",
          ),
      );
      if (node === undefined) return;
      effects.push({
        kind: "spawn",
        ticket: 99,
        startTicket: 99,
        instance: node.id,
        processKind: ProcessKind.main,
        command: { argv: ["/bin/x"], builtin: null },
        restarts: 0,
        readyFd: null,
        notify: false,
        ended: null,
      });
    },
  },
  {
    name: "a service is stopped before what needs it",
    finds: /is stopped \(request\) while \S+ needs it/,
    plant: (world, effects) => {
      const isNeeded = ({ unit, plan, neededBy }: Node) =>
        unit.state === "ready" &&
        plan.health === null &&
        plan.watchdogMs === null &&
        neededBy.some(
          ({ from, kind, required, restart, old }) =>
            kind === "need" && required && restart && !old && from.unit.state === "ready",
        );
      const node = firstNode(world, isNeeded);
      if (node?.unit.run === null || node === undefined) return;
      node.unit.state = "stopping";
      Object.assign(node.unit.run, { ending: "request", phase: "killing" });
      effects.push({ kind: "publish", instance: node.id, state: "stopping", cause: "stop-signal", detail: "" });
    },
  },
  {
    name: "a request is answered twice",
    finds: /is answered twice/,
    plant: (_world, effects) => {
      const reply = effects.find(({ kind }) => kind === "reply");
      if (reply !== undefined) effects.push(reply);
    },
  },
  { name: "an answer is lost", finds: /were never answered/, plant: without(({ kind }) => kind === "reply") },
  {
    name: "a client is told what is not so",
    finds: /is told that \S+ is started/,
    plant: (_world, effects) => {
      for (const effect of effects) {
        if (effect.kind !== "reply" || effect.reply.outcome !== "failed" || effect.reply.results.length !== 1) continue;
        const results = effect.reply.results.map((one) => ({ ...one, did: "started", reason: "" }));
        effect.reply = { outcome: "done", results };
      }
    },
  },
  {
    name: "the system ends without a shutdown",
    finds: /finished without a shutdown/,
    plant: (world, effects) => {
      if (world.state.shutdown === null) effects.push({ kind: "finish-shutdown", mode: 1, exitCode: 0, graceMs: 0 });
    },
  },
  {
    name: "the bound of a shutdown is not watched",
    finds: /the shutdown did not end within|the shutdown took/,
    plant: without(({ kind }) => ["arm-timer", "signal", "kill-tree"].includes(kind)),
  },
  {
    name: "the end comes while requests are open",
    finds: /requests are left open at the end/,
    plant: (world, effects) => {
      if (world.state.shutdown === null || world.state.requests.length === 0) return;
      effects.push({ kind: "finish-shutdown", mode: 1, exitCode: 0, graceMs: 0 });
    },
  },
  {
    name: "the state holds what no event told",
    finds: /the replayed state differs/,
    plant: onUnit(isStopped, (unit) => {
      unit.statusText = "planted";
    }),
  },
  {
    name: "the engine keeps the processor busy",
    finds: /busy without time passing/,
    plant: (world, effects) => {
      effects.push({ kind: "arm-timer", ticket: 5, clock: 1, atMs: world.nowMs });
    },
  },
  {
    name: "leftovers of a run are not waited for",
    finds: /started while processes of an earlier start live/,
    plant: (world, effects) => {
      for (let at = effects.length - 1; at >= 0; at--) {
        const effect = effects[at];
        if (effect?.kind !== "await-tree") continue;
        effects.splice(at, 1);
        world.emit({ kind: "tree-emptied", ticket: effect.ticket });
      }
    },
  },
  {
    name: "a wait is forgotten and not explained",
    finds: /and nothing happens/,
    plant: (world) => {
      const request = world.state.requests.find(({ request: { verb } }) => verb === "start");
      const name = request?.targets.find(({ outcome }) => outcome === "")?.name;
      const node = name === undefined ? undefined : engineOf(world.state).byName.get(name);
      if (node === undefined || node.unit.run !== null || definitionOf(node).type === "group") return;
      if (node.unit.state !== "waiting" || !node.isActive || node.neededBy.length > 0) return;
      node.isActive = false;
      engineOf(world.state).activeCount--;
      node.unit.state = "stopped";
      node.unit.wanted = "down";
      node.unit.blockedBy = "";
    },
  },
];
