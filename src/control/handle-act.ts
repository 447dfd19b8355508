import type { Reply } from "../engine/effect.ts";
import type { ControlHost } from "./control-host.ts";
import { followOutput } from "./handle-logs.ts";
import { ErrorCode, type ExecResult } from "./messages.ts";
import { flagParam, numberParam, optionalNumber, requestParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

const timeoutMsMax = 2 ** 31;
const noLimit = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** start, stop, restart, reload, run-task, kill, wait, shutdown: answered when the request has ended, or at once with wait: false. */
export function handleAct(control: ControlHost, call: Call): void {
  const request = requestParam(call.params);
  const timeoutMs = optionalNumber(call.params, "timeoutMs", { min: 0, max: timeoutMsMax });
  const wait = flagParam(call.params, "wait", true);
  const output = flagParam(call.params, "output", false) && request.verb === "run-task" && wait;
  const note = control.foresee(request);
  const follower = output ? followOutput(control, call, request.names) : null;
  const ticket = control.act(call.peer, request, timeoutMs, (reply) => {
    follower?.look();
    follower?.end();
    return answer(call, reply);
  });
  call.notify({ method: "accepted", params: { request: ticket, note } });
  call.onClose(() => {
    follower?.end();
    control.abandon(ticket);
  });
  if (!wait) call.result({ outcome: "done", results: [] } satisfies Reply);
}

/** Asks again for the reply of a request that an earlier manager accepted. */
export function handleResume(control: ControlHost, call: Call): void {
  const ticket = numberParam(call.params, "request", noLimit);
  if (control.resume(ticket, (reply) => answer(call, reply))) {
    call.onClose(() => control.abandon(ticket));
    return;
  }
  call.fail({ code: ErrorCode.unknownRequest, message: `there is no request ${ticket}` });
}

/** Whether the client has all of it. */
function answer(call: Call, reply: Reply | ExecResult): boolean {
  if (!("outcome" in reply)) call.result(reply);
  else if (reply.outcome === "unknown-name") call.fail(unknownName(reply.names, reply.suggestions));
  else if (reply.outcome === "refused") call.fail({ code: ErrorCode.refused, message: reply.reason });
  else call.result(reply);
  return call.queued() === 0;
}
