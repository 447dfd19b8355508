/** Engines with a planted fault each, which an exploration must find. */

import { engineOf, type Node } from "../src/engine/engine.ts";
import { beginRun } from "../src/engine/start.ts";
import { step } from "../src/engine/step.ts";
import { beginStop } from "../src/engine/stopping.ts";
import type { Step } from "./explore-world.ts";

/** Something that the fault does to what a step has made; the steps before are right. */
type Spoil = (result: ReturnType<Step>, input: Parameters<Step>[1]) => void;

function spoilt(spoil: Spoil): Step {
  return (state, input) => {
    const result = step(state, input);
    spoil(result, input);
    return result;
  };
}

function nodesOf(result: ReturnType<Step>): Node[] {
  return engineOf(result.state).nodes;
}

export const plantedFaults: Record<string, { step: Step; finds: RegExp }> = {
  "starts without waiting": {
    step: spoilt((result) => {
      const hasty = nodesOf(result).find(
        ({ unit, needs }) => unit.state === "waiting" && needs[0]?.to.unit.state === "starting",
      );
      if (hasty !== undefined) beginRun(engineOf(result.state), hasty);
      engineOf(result.state).queue.length = 0;
      for (const node of nodesOf(result)) node.queued = false;
    }),
    finds: /starts while/,
  },
  "starts a program twice": {
    step: spoilt(({ effects }) => {
      const at = effects.findIndex(({ kind }) => kind === "spawn");
      if (at >= 0) effects.splice(at, 0, effects[at] as (typeof effects)[number]);
    }),
    finds: /started twice/,
  },
  "loses a reply": {
    step: spoilt(({ effects }) => {
      const at = effects.findIndex(({ kind }) => kind === "reply");
      if (at >= 0) effects.splice(at, 1);
    }),
    finds: /without an answer/,
  },
  "forgets in its state what it waits for": {
    step: spoilt(({ state }) => {
      for (const { run } of state.units) if (run !== null && run.treeUse === "kill") run.treeUse = "await";
    }),
    finds: /a new manager would do again/,
  },
  "stops before those that need it": {
    step: spoilt((result) => {
      const engine = engineOf(result.state);
      const held = engine.nodes.find(({ unit }) => unit.stopWish === "request" && unit.run?.ending === "");
      if (held?.unit.run) beginStop(engine, held, held.unit.run, "request");
      engine.queue.length = 0;
      for (const node of engine.nodes) node.queued = false;
    }),
    finds: /is stopped \(request\) while/,
  },
  "takes no notice of an empty tree": {
    step: (state, input) =>
      step(state, { ...input, events: input.events.filter(({ kind }) => kind !== "tree-emptied") }),
    finds: /a new manager would do again/,
  },
  "never tries again after a failure": {
    step: spoilt(({ state, effects }) => {
      for (const unit of state.units) {
        if (unit.backoff === 0) continue;
        effects.push({ kind: "cancel-timer", ticket: unit.backoff });
        engineOf(state).byTicket.delete(unit.backoff);
        unit.backoff = 0;
        unit.state = "waiting";
      }
    }),
    finds: /waits for nothing/,
  },
  "keeps something beside its state": {
    step: rememberingStep(),
    finds: /go on differently|arrives in another state/,
  },
  "does not end a shutdown": {
    step: spoilt(({ state, effects }) => {
      const at = effects.findIndex(({ kind }) => kind === "finish-shutdown");
      if (at >= 0) effects.splice(at, 1);
      if (state.shutdown !== null) state.shutdown.finished = false;
    }),
    finds: /the shutdown/,
  },
  "tells that it has started what has not": {
    step: spoilt(({ effects }) => {
      for (const effect of effects) {
        if (effect.kind !== "reply" || effect.reply.outcome !== "failed") continue;
        const results = effect.reply.results.map((one) => ({ ...one, did: "started", reason: "" }));
        effect.reply = { outcome: "done", results };
      }
    }),
    finds: /a client is told/,
  },
};

/** Every seventh probe that succeeds is taken for one that failed: what decides stands in no state. */
function rememberingStep(): Step {
  let count = 0;
  return (state, input) => {
    const isHit = input.events.some(({ kind }) => kind === "probe-succeeded") && ++count % 7 === 0;
    const result = step(state, input);
    if (isHit) for (const unit of state.units) if (unit.state === "ready") unit.wanted = "down";
    return result;
  };
}
