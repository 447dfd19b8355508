import { replicasMax } from "../engine/replicas.ts";
import type { ControlHost } from "./control-host.ts";
import { ErrorCode } from "./messages.ts";
import { flagParam, optionalNumber, optionalText } from "./params.ts";
import type { Call } from "./server.ts";

const timeoutMsMax = 2 ** 31;

/** `plan`: what an apply of this file would do. */
export function handlePlan(control: ControlHost, call: Call): void {
  control.plan(optionalText(call.params, "path"), (result) => {
    if ("problems" in result) failWithProblems(call, result.problems);
    else call.result(result);
  });
}

/** `apply`: puts a configuration in place of the running one. */
export function handleApply(control: ControlHost, call: Call): void {
  const path = optionalText(call.params, "path");
  const timeoutMs = optionalNumber(call.params, "timeoutMs", { min: 0, max: timeoutMsMax });
  const wait = flagParam(call.params, "wait", true);
  const gateMs = optionalNumber(call.params, "gateMs", { min: 0, max: timeoutMsMax });
  const gate = flagParam(call.params, "gate", true) ? { limitMs: gateMs } : null;
  control.apply(
    call.peer,
    path,
    { timeoutMs, gate },
    (request) => {
      call.notify({ method: "accepted", params: { request, note: "" } });
      call.onClose(() => control.abandon(request));
      if (!wait) call.result({ outcome: "done", results: [] });
    },
    (result) => {
      if ("problems" in result) failWithProblems(call, result.problems);
      else if (result.outcome === "refused") call.fail({ code: ErrorCode.refused, message: result.reason });
      else call.result(result);
      return call.queued() === 0;
    },
  );
}

/** `scale`: another number of replicas. */
export function handleScale(control: ControlHost, call: Call): void {
  const name = optionalText(call.params, "name") ?? "";
  const replicas = optionalNumber(call.params, "replicas", { min: 1, max: replicasMax }) ?? 1;
  const timeoutMs = optionalNumber(call.params, "timeoutMs", { min: 0, max: timeoutMsMax });
  const wait = flagParam(call.params, "wait", true);
  control.scale(
    call.peer,
    name,
    replicas,
    timeoutMs,
    (request) => {
      call.notify({ method: "accepted", params: { request, note: "" } });
      call.onClose(() => control.abandon(request));
      if (!wait) call.result({ outcome: "done", results: [] });
    },
    (result) => {
      if (result.outcome === "refused") call.fail({ code: ErrorCode.refused, message: result.reason });
      else call.result(result);
      return call.queued() === 0;
    },
  );
}

function failWithProblems(call: Call, problems: string): void {
  const message = "cannot use the configuration; nothing was changed";
  call.fail({ code: ErrorCode.configuration, message, data: { problems } });
}
