/** `gonit attach`: a client gets its share of a service's terminal. Nothing of it passes through the manager. */

import type { Attachment, Refused } from "../control/control-host.ts";
import { ErrorCode } from "../control/messages.ts";
import { type InstanceId, instanceKey } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";

export function attach(
  { logs }: Pick<Shell, "logs">,
  instance: InstanceId,
  service: ServicePlan,
): Attachment | Refused {
  const name = instanceKey(instance);
  const [source] = logs.sourcesOf(instance);
  const master = logs.terminals.masterOf(name);
  if (service.tty === null) return refuse(`${name} has no terminal: add tty: true and restart it`);
  if (service.tty.device !== "") return refuse(`the terminal of ${name} is ${service.tty.device}`);
  if (source === undefined || master < 0) return refuse(`the terminal of ${name} is not there yet`);
  const pair = host.socketPair();
  if (typeof pair === "number") return refuse(host.errnoText(pair));
  const [ours, theirs] = pair;
  const error = host.logViewer(source.slot, ours);
  host.close(ours);
  if (error < 0) {
    host.close(theirs);
    return refuse(`the logger cannot be told: ${host.errnoText(error)}`);
  }
  return { service: name, descriptors: [master, theirs], close: () => host.close(theirs) };
}

function refuse(refusal: string): Refused {
  return { refusal, code: ErrorCode.impossible };
}
