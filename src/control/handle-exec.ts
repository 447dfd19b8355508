import { ExitCode, Stage } from "../contract.ts";
import type { ControlHost } from "./control-host.ts";
import { ErrorCode } from "./messages.ts";
import { namesParam, numberParam, optionalText, ParamError, textParam } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

const ENOENT = 2;
const EACCES = 13;
const ticketBounds = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** `exec`: answered when the program has ended. It belongs to the client, and ends when that goes away. */
export function handleExec(control: ControlHost, call: Call): void {
  const argv = namesParam(call.params, "argv");
  if (argv.length === 0 || argv[0] === "") throw new ParamError("argv must name a program");
  const terminal = optionalText(call.params, "terminal");
  const begun = control.exec(
    textParam(call.params, "name"),
    { argv, terminal },
    {
      accepted: (ticket, descriptors) => {
        const isSent = call.hand({ method: "accepted", params: { request: ticket, note: "" } }, descriptors);
        if (isSent) call.onClose(() => control.abandon(ticket));
        else call.fail({ code: ErrorCode.busy, message: "cannot exec: the connection is full" });
        return isSent;
      },
      failed: (stage, errno, text) => {
        const exitCode = stage === Stage.exec ? execCode(errno) : ExitCode.failed;
        call.fail({ code: ErrorCode.impossible, message: text, data: { exitCode } });
      },
      ended: (result) => call.result(result),
    },
  );
  if (typeof begun === "number") return;
  if ("suggestions" in begun) call.fail(unknownName(begun.unknown, begun.suggestions));
  else call.fail({ code: begun.code, message: begun.refusal });
}

/** As shells tell it. */
function execCode(errno: number): number {
  if (errno === ENOENT) return ExitCode.notFound;
  return errno === EACCES ? ExitCode.notExecutable : ExitCode.failed;
}

export function handleExecSignal(control: ControlHost, call: Call): void {
  const ticket = numberParam(call.params, "request", ticketBounds);
  const error = control.execSignal(ticket, numberParam(call.params, "signal", { min: 1, max: 64 }));
  if (error === 0) call.result({});
  else call.fail({ code: ErrorCode.unknownRequest, message: `cannot signal: ${host.errnoText(error)}` });
}
