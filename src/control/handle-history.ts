import type { ControlHost } from "./control-host.ts";
import { flagParam } from "./params.ts";
import type { Call } from "./server.ts";

/** Above this a reader that is too slow misses lines, which it sees by their numbers, rather than filling memory. */
const queuedBytesMax = 1024 * 1024;

/** `history`: what happened, and with follow everything that happens until the client goes away. */
export function handleHistory(control: ControlHost, call: Call): void {
  const follows = flagParam(call.params, "follow", false);
  const history = control.history();
  if (!follows) {
    call.result(history);
    return;
  }
  for (const text of history.texts)
    for (const line of text.split("\n")) if (line !== "") call.notify({ method: "history", params: { line } });
  const stop = control.followHistory((line) => {
    if (call.queued() <= queuedBytesMax) call.notify({ method: "history", params: { line } });
  });
  call.onClose(stop);
}

/** `graph`: services and what lies between them. */
export function handleGraph(control: ControlHost, call: Call): void {
  call.result(control.graph());
}
