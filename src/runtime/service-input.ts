/** What a service's main process reads from, and its terminal. */

import type { SpawnRequest } from "../contract.ts";
import type { Plan, ServicePlan, TerminalPlan } from "../engine/plan.ts";
import type { Feeds } from "./feeds.ts";

/** As `ours` of a descriptor: the request's terminal, which the child opens itself (host/spawn.h). */
const fromTerminal = -2;

/** For `slave`, see LogStore.outputsOf(). The descriptors 1 and 2 of a pty stand in the request already. */
export function addInput(request: SpawnRequest, service: ServicePlan, slave: number): void {
  if (service.stdin !== "") request.input = service.stdin;
  if (service.tty !== null) addTerminal(request, service.tty, slave);
}

/** Its ends of the pipes to and from other services. 0 or -errno. */
export function addFeeds(request: SpawnRequest, service: ServicePlan, feeds: Feeds, plan: Plan): number {
  const output = feeds.outputOf(plan, service.name);
  const input = service.stdinFrom === "" ? null : feeds.inputOf(service.name);
  if (output !== null && output < 0) return output;
  if (input !== null && input < 0) return input;
  if (output !== null) {
    request.descriptors = request.descriptors.filter(([number]) => number !== 1);
    request.descriptors.push([1, output]);
  }
  if (input !== null) request.descriptors.push([0, input]);
  return 0;
}

function addTerminal(request: SpawnRequest, { device, stdin }: TerminalPlan, slave: number): void {
  if (device === "") {
    // A program that was killed leaves the modes that it had set.
    host.resetPty(slave);
    request.terminal = slave;
    if (stdin) request.descriptors.push([0, slave]);
  } else {
    request.terminal = device;
    request.descriptors = request.descriptors.filter(([number]) => number !== 1 && number !== 2);
    for (const number of stdin ? [0, 1, 2] : [1, 2]) request.descriptors.push([number, fromTerminal]);
  }
  // A serial line's terminal is unknown: what nearly all of them understand.
  if (!request.environment.some((text) => text.startsWith("TERM=")))
    request.environment.push(device === "" ? "TERM=xterm" : "TERM=vt220");
}
