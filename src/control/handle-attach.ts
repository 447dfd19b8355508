import type { ControlHost } from "./control-host.ts";
import { ErrorCode } from "./messages.ts";
import { textParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/**
 * `attach`: the client gets two descriptors, the master of the service's terminal, to type into and to tell its size, and
 * a socket on which comes what the terminal shows. It needs gonit no more from then on.
 */
export function handleAttach(control: ControlHost, call: Call): void {
  const found = control.attach(textParam(call.params, "name"));
  if ("suggestions" in found) call.fail(unknownName(found.unknown, found.suggestions));
  else if ("refusal" in found) call.fail({ code: found.code, message: found.refusal });
  else {
    const isSent = call.hand({ method: "attached", params: { service: found.service } }, found.descriptors);
    found.close();
    if (isSent) call.result({});
    else call.fail({ code: ErrorCode.busy, message: "cannot hand out the terminal: the connection is full" });
  }
}
