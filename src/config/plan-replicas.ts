/** The key `replicas`: services that ask for several of themselves, expanded when all else is known. */

import type { ServicePlan } from "../engine/plan.ts";
import { scaledServices } from "../engine/replicas.ts";
import { type CollectedService, ownKey } from "./collect.ts";
import type { Problems } from "./problems.ts";

/** In place of each service that asks for replicas. */
export function expandReplicas(
  services: ServicePlan[],
  collected: Map<string, CollectedService>,
  problems: Problems,
): ServicePlan[] {
  const counts = new Map<string, number>();
  for (const { name } of services) {
    const service = collected.get(name);
    const count = service?.values.replicas;
    if (service === undefined || count === undefined) continue;
    const why = whyNot(service);
    if (why === "") counts.set(name, count);
    else {
      const key = ownKey(service, "replicas");
      if (key !== null)
        problems.at(key, "contradiction", `cannot have replicas: ${why}`, { fix: "leave replicas out" });
    }
  }
  return scaledServices(services, counts);
}

function whyNot({ values }: CollectedService): string {
  if (values.type === "group") return "a group has no process";
  if ((values.sockets?.length ?? 0) > 0) return "only one service can listen on its sockets";
  if (values.pid_file !== undefined) return "only one daemon can write its pid file";
  if (values.tty !== undefined && values.tty !== null && "device" in values.tty && values.tty.device !== "")
    return `only one service can have the terminal ${values.tty.device}`;
  return "";
}
