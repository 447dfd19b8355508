/** What a broken engine would do to the state of a step. */

import { engineOf } from "../src/engine/engine.ts";
import type { Unit } from "../src/engine/state.ts";
import { newTransaction } from "../src/engine/transaction.ts";
import { isEnding } from "../src/engine/unit.ts";
import { firstNode, onRun, onUnit, type Planted } from "./plant.ts";

const isStopped = (unit: Unit) => unit.state === "stopped" && unit.run === null;

export const stateFaults: Planted[] = [
  {
    name: "an apply has no plan to go back to",
    finds: /a plan to go back to without a gate/,
    plant: ({ state }) => {
      if (state.transaction?.phase === "gate") state.planBefore = null;
    },
  },
  {
    name: "the request of an apply is lost",
    finds: /an apply without a request/,
    plant: ({ state }) => {
      if (state.transaction !== null) state.transaction.request = 7;
    },
  },
  {
    name: "an apply waits for nothing",
    finds: /an apply waits for nothing/,
    plant: ({ state }) => {
      if (state.transaction !== null) state.transaction.hold = 0;
    },
  },
  {
    name: "an apply goes on in a shutdown",
    finds: /an apply goes on in a shutdown/,
    plant: ({ state }) => {
      if (state.shutdown !== null) state.transaction = newTransaction(7, false, { wanted: [], listening: [] }, 0);
    },
  },
  {
    name: "two that conflict are wanted",
    finds: /is wanted, and so is \S+, which conflicts with it/,
    plant: onUnit(
      ({ wanted }, { conflicts }) => wanted === "up" && conflicts.length > 0,
      (_, { conflicts }) => {
        for (const { unit } of conflicts) unit.wanted = "up";
      },
    ),
  },
  {
    name: "what runs listens in place of its program",
    finds: /listens though it is wanted or runs/,
    plant: onUnit(
      ({ wanted }) => wanted === "up",
      (unit) => {
        unit.listens = true;
      },
    ),
  },
  {
    name: "a run is forgotten",
    finds: /state ready without a run/,
    plant: onRun(
      (_, unit) => unit.state === "ready",
      (_, unit) => {
        unit.run = null;
      },
    ),
  },
  {
    name: "the delay before a restart has no timer",
    finds: /state backing-off with backoff 0/,
    plant: onUnit(
      (unit) => unit.state === "backing-off",
      (unit) => {
        unit.backoff = 0;
      },
    ),
  },
  {
    name: "what nobody wants stays failed",
    finds: /is failed though not wanted/,
    plant: onUnit(
      (unit) => unit.state === "failed",
      (unit) => {
        unit.wanted = "down";
      },
    ),
  },
  {
    name: "what is wanted is stopped",
    finds: /is stopped though wanted/,
    plant: onUnit(isStopped, (unit) => {
      unit.wanted = "up";
    }),
  },
  {
    name: "a wish to stop outlives the run",
    finds: /a stop is wished of what does not run/,
    plant: onUnit(isStopped, (unit) => {
      unit.stopWish = "request";
    }),
  },
  {
    name: "an old definition outlives the run",
    finds: /keeps an old definition without a run/,
    plant: onUnit(isStopped, (unit, node) => {
      unit.oldPlan = node.plan;
    }),
  },
  {
    name: "a removed service is not forgotten",
    finds: /is removed and not forgotten/,
    plant: onUnit(isStopped, (unit, node) => {
      unit.removed = true;
      unit.oldPlan = node.plan;
    }),
  },
  {
    name: "what runs is marked as blocked",
    finds: /is blocked in state ready/,
    plant: onUnit(
      (unit) => unit.state === "ready",
      (unit) => {
        unit.blockedBy = "other";
      },
    ),
  },
  {
    name: "a service waits in a shutdown",
    finds: /waits in a shutdown/,
    plant: (world, effects) => {
      if (world.state.shutdown === null) return;
      onUnit(isStopped, (unit) => {
        unit.state = "waiting";
      })(world, effects);
    },
  },
  {
    name: "who blocks is not told",
    finds: /is blocked by "", should be/,
    plant: onUnit(
      (unit) => unit.state === "waiting" && unit.blockedBy !== "",
      (unit) => {
        unit.blockedBy = "";
      },
    ),
  },
  {
    name: "a service that could start waits",
    finds: /waits for nothing/,
    plant: onUnit(
      (unit, node) => isStopped(unit) && node.needs.length === 0 && node.conflicts.length === 0,
      (unit) => {
        unit.wanted = "up";
        unit.state = "waiting";
      },
    ),
  },
  {
    name: "a start has no time limit",
    finds: /starts without a time limit/,
    plant: onRun(
      (_, unit) => unit.state === "starting",
      (run) => {
        run.timerUse = "";
      },
    ),
  },
  {
    name: "a run ends while it counts as ready",
    finds: /state ready, ending "request"/,
    plant: onRun(
      (_, unit) => unit.state === "ready",
      (run) => {
        run.ending = "request";
      },
    ),
  },
  {
    name: "a stop has no bound",
    finds: /stops without a bound/,
    plant: onRun(
      (run, unit) => unit.state === "stopping" && run.timer !== 0 && run.tree === 0,
      (run) => {
        run.timer = 0;
        run.timerUse = "";
      },
    ),
  },
  {
    name: "a timer is armed for nothing",
    finds: /a timer without a use/,
    plant: onRun(
      (run) => run.timer !== 0 && isEnding(run),
      (run) => {
        run.timerUse = "";
      },
    ),
  },
  {
    name: "a tree is looked at for nothing",
    finds: /looks at its tree without a use/,
    plant: onRun(
      (run) => run.tree !== 0,
      (run) => {
        run.treeUse = "";
      },
    ),
  },
  {
    name: "what cannot be killed is given up",
    finds: /is unkillable and nobody tries/,
    plant: onRun(
      (run) => run.unkillable.length > 0,
      (run) => {
        run.treeUse = "await";
      },
    ),
  },
  {
    name: "a service that is ready is probed",
    finds: /is asked for readiness in state ready/,
    plant: onRun(
      (_, unit) => unit.state === "ready",
      (run) => {
        run.probe = run.start;
      },
    ),
  },
  {
    name: "a service that ends is asked for its health",
    finds: /is asked for its health in state stopping/,
    plant: onRun(
      (_, unit) => unit.state === "stopping",
      (run) => {
        run.health = run.start;
      },
    ),
  },
  {
    name: "a service that ends is watched",
    finds: /is watched in state stopping/,
    plant: onRun(
      (_, unit) => unit.state === "stopping",
      (run) => {
        run.watchdog = run.start;
      },
    ),
  },
  {
    name: "nobody asks a service for its health",
    finds: /nobody asks for its health/,
    plant: onRun(
      (run) => run.health !== 0,
      (run) => {
        run.health = 0;
      },
    ),
  },
  {
    name: "nobody watches a service that is to show that it lives",
    finds: /nobody watches it/,
    plant: onRun(
      (run) => run.watchdog !== 0,
      (run) => {
        run.watchdog = 0;
      },
    ),
  },
  {
    name: "a stop that nothing holds does not begin",
    finds: /is to be stopped, and nothing holds it/,
    plant: onUnit(
      (unit, node) => unit.state === "ready" && node.neededBy.length === 0,
      (unit) => {
        unit.stopWish = "request";
      },
    ),
  },
  {
    name: "targets of a request are counted wrong",
    finds: /open targets, counted/,
    plant: (world) => {
      const [request] = world.state.requests;
      if (request !== undefined) request.open++;
    },
  },
  {
    name: "a settled request is not answered",
    finds: /is settled and not answered/,
    plant: (world) => {
      const request = world.state.requests.find(({ request: { verb } }) => verb !== "shutdown");
      if (request === undefined) return;
      for (const target of request.targets) target.outcome = "done";
      request.open = 0;
    },
  },
  {
    name: "two requests have one number",
    finds: /two requests with one number/,
    plant: (world) => {
      const [first, second] = world.state.requests;
      if (first !== undefined && second !== undefined) second.id = first.id;
    },
  },
  {
    name: "a shutdown does not finish",
    finds: /everything is down and the shutdown is not finished/,
    plant: (world) => {
      if (world.state.shutdown?.finished === true) world.state.shutdown.finished = false;
    },
  },
  {
    name: "a shutdown has no bound",
    finds: /the shutdown has no bound/,
    plant: (world) => {
      if (world.state.shutdown !== null) world.state.shutdown.timer = 0;
    },
  },
  {
    name: "a unit is left in the queue",
    finds: /units are left in the queue/,
    plant: (world) => {
      const engine = engineOf(world.state);
      engine.queue.push(...engine.nodes.slice(0, 1));
    },
  },
  {
    name: "what is active is counted wrong",
    finds: /active \d+, should be/,
    plant: (world) => {
      engineOf(world.state).activeCount++;
    },
  },
  {
    name: "what lives is counted wrong",
    finds: /live \d+, should be/,
    plant: (world) => {
      engineOf(world.state).liveCount++;
    },
  },
  {
    name: "a request's waiting is forgotten",
    finds: /waiters of /,
    plant: (world) => {
      const node = firstNode(world, ({ waiters }) => waiters.length > 0);
      if (node !== undefined) node.waiters = [];
    },
  },
  {
    name: "a ticket is used twice",
    finds: /ticket \d+ is used twice/,
    plant: (world, effects) => {
      // Where the tickets are compared: every eighth event.
      if (world.eventCount % 8 !== 0) return;
      onRun(
        (run) => run.tree !== 0 && run.timer !== 0,
        (run) => {
          run.tree = run.timer;
        },
      )(world, effects);
    },
  },
  {
    name: "a ticket was never given",
    finds: /ticket \d+ was never given/,
    plant: (world) => {
      world.state.nextTicket = 1;
    },
  },
  {
    name: "an answer finds nobody",
    finds: /ticket \d+ of \S+ leads nowhere/,
    plant: (world) => {
      const { byTicket } = engineOf(world.state);
      const [ticket] = byTicket.keys();
      if (ticket !== undefined) byTicket.delete(ticket);
    },
  },
  {
    name: "a ticket stays open",
    finds: /ticket \d+ is of nothing/,
    plant: (world) => {
      const { byTicket, nodes } = engineOf(world.state);
      if (nodes[0] !== undefined) byTicket.set(7, nodes[0]);
    },
  },
];
