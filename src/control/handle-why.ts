import type { Explanation } from "../engine/view.ts";
import { isTrusted } from "./access.ts";
import type { ControlHost } from "./control-host.ts";
import { ErrorCode } from "./messages.ts";
import { textParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/** `why`: what a service's state is, because of what, and what would change it. */
export function handleWhy(control: ControlHost, call: Call): void {
  const name = textParam(call.params, "name");
  const explanation = control.explain(name);
  if (!("unknown" in explanation)) call.result(forPeer(call, explanation));
  else if (name === "shutdown" || name === "apply")
    call.fail({ code: ErrorCode.noSuchService, message: `cannot tell why: no ${name} goes on` });
  else call.fail(unknownName([name], explanation.suggestions));
}

/** `pending`: all that is under way. */
export function handlePending(control: ControlHost, call: Call): void {
  call.result(control.explainPending().map((explanation) => forPeer(call, explanation)));
}

/** The output of services is for the trusted alone. */
function forPeer(call: Call, explanation: Explanation): Explanation {
  return isTrusted(call.peer, host.uid()) ? explanation : { ...explanation, lastLines: [] };
}
