import { isTrusted } from "./access.ts";
import type { ControlHost } from "./control-host.ts";
import { textParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/** `why`: what a service's state is, because of what, and what would change it. */
export function handleWhy(control: ControlHost, call: Call): void {
  const name = textParam(call.params, "name");
  const explanation = control.explain(name);
  if ("unknown" in explanation) call.fail(unknownName([name], explanation.suggestions));
  else call.result(isTrusted(call.peer, host.uid()) ? explanation : { ...explanation, lastLines: [] });
}
