import type { ControlHost } from "./control-host.ts";
import { ErrorCode } from "./messages.ts";
import { flagParam, namesParam, ParamError } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/** `enable`: keeps that services are enabled, or are not, beside the configuration. */
export function handleEnable(control: ControlHost, call: Call): void {
  const names = namesParam(call.params, "names");
  if (names.length === 0) throw new ParamError("names must not be empty");
  const result = control.setEnabled(names, flagParam(call.params, "enabled", true));
  if ("unknown" in result) call.fail(unknownName(result.unknown, result.suggestions));
  else if ("error" in result) call.fail({ code: ErrorCode.refused, message: result.error });
  else call.result(result);
}
