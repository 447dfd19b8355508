/**
 * What a service has beside its processes (log places, notify sockets) outlives its restarts; once the service has been
 * taken out of the plan and has ended, it is given back. Looked for only when a plan has come or a service has gone, and
 * once in each new manager.
 */

import { engineOf } from "../engine/engine.ts";
import type { InstanceId } from "../engine/instance.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";

interface Owner {
  forgetUnknown(isKnown: (instance: InstanceId) => boolean): void;
}

export class RemovedInstances {
  private readonly owners: Owner[];
  private plan: Plan | null = null;
  private count = 0;

  constructor(...owners: Owner[]) {
    this.owners = owners;
  }

  afterTurn(state: State): void {
    // Without a plan (the last rung of the recovery) nobody knows what is still there.
    if (state.plan === null) return;
    const { nodes, byName } = engineOf(state);
    const isSame = state.plan === this.plan && nodes.length >= this.count;
    this.plan = state.plan;
    this.count = nodes.length;
    if (isSame) return;
    for (const owner of this.owners) owner.forgetUnknown(({ service }) => byName.has(service));
  }
}
