/** The plan's sockets: names and owners filled in, and what cannot go together refused. */

import type { SocketPlan } from "../engine/plan.ts";
import { type CollectedService, ownKey } from "./collect.ts";
import { isTask } from "./plan-pid-file.ts";
import type { ServiceContext } from "./plan-service.ts";

const none: SocketPlan[] = [];
const firstDescriptor = 3;

export function socketsOf(service: CollectedService, context: ServiceContext): SocketPlan[] {
  const { values, name } = service;
  const sources = values.sockets ?? [];
  const key = ownKey(service, "sockets");
  const why = sources.length === 0 ? "" : whyNot(service);
  if (why !== "" && key !== null)
    context.problems.at(key, "contradiction", `cannot use these sockets: ${why}`, { fix: "change one of the two" });
  if (sources.length === 0 || why !== "") return none;
  return sources.map(({ name: own, kind, address, port, mode, user, backlog, lazy }) => ({
    name: own ?? name,
    kind,
    address,
    port,
    mode,
    user: user ?? values.user ?? "",
    backlog,
    lazy,
  }));
}

function whyNot({ values }: CollectedService): string {
  const sources = values.sockets ?? [];
  if (values.type === "group") return "a group has no process";
  if (sources.some(({ lazy }) => lazy) && isTask(values)) return "a task is not started by connections";
  const { ready } = values;
  if (ready?.kind === "fd" && ready.fd < firstDescriptor + sources.length)
    return `descriptor ${ready.fd} is one of theirs, and ready wants it too`;
  const places = sources.map(({ kind, address, port }) => `${kind} ${address} ${port}`);
  const twice = places.findIndex((place, at) => places.indexOf(place) !== at);
  const again = sources[twice];
  if (again !== undefined)
    return `${again.port === 0 ? again.address : `${again.address}:${again.port}`} stands there twice`;
  for (const { kind, address } of sources)
    for (const { name } of values.directories?.run ?? [])
      if (kind === "unix" && address.startsWith(`/run/${name}/`))
        return `${address} is in a run directory, which is removed each time that the service ends`;
  return "";
}
