import type { ControlHost } from "./control-host.ts";
import { namesParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/** `status`: the system and those services that match, all without names. */
export function handleStatus(control: ControlHost, call: Call): void {
  const { status, unknown, suggestions } = control.status(namesParam(call.params, "names"));
  if (unknown.length > 0) call.fail(unknownName(unknown, suggestions));
  else call.result(status);
}

export function handleVersion(control: ControlHost, call: Call): void {
  call.result(control.version());
}
