import type { ControlHost, LogFollower, LogPiece } from "./control-host.ts";
import { flagParam, namesParam, numberParam, optionalNumber } from "./params.ts";
import type { Call } from "./server.ts";
import { unknownName } from "./unknown-name.ts";

/** Above this a follower that reads slowly misses output, and is told so, rather than filling memory. */
const queuedBytesMax = 1024 * 1024;

/** `logs`: recent lines, and with follow everything that comes until the client goes away. */
export function handleLogs(control: ControlHost, call: Call): void {
  const names = namesParam(call.params, "names");
  const lines = numberParam(call.params, "lines", { min: 0, max: 100_000 });
  const sinceMs = optionalNumber(call.params, "sinceMs", { min: 0, max: Number.MAX_SAFE_INTEGER });
  const found = sinceMs === null ? control.recentLogs(names, lines) : control.logsSince(names, sinceMs);
  if ("unknown" in found) {
    call.fail(unknownName(found.unknown, found.suggestions));
    return;
  }
  if (!flagParam(call.params, "follow", false)) {
    call.result({ logs: found.logs });
    return;
  }
  for (const piece of found.logs) call.notify({ method: "log", params: piece });
  call.notify({ method: "caught-up", params: {} });
  const follower = followOutput(control, call, names, { stamps: sinceMs !== null });
  call.onClose(() => follower.end());
}

/** Tells the client of everything that services print from now on, until it is ended. `stamps`: with time stamps. */
export function followOutput(
  control: ControlHost,
  call: Call,
  names: string[],
  { stamps }: { stamps: boolean } = { stamps: false },
): LogFollower {
  let skippedBytes = 0;
  const tell = (piece: LogPiece): void => {
    if (call.queued() > queuedBytesMax) {
      skippedBytes += piece.text.length;
      return;
    }
    if (skippedBytes > 0) {
      const text = `(${skippedBytes} bytes left out: this reader is too slow)\n`;
      call.notify({ method: "log", params: { service: piece.service, text } });
      skippedBytes = 0;
    }
    call.notify({ method: "log", params: piece });
  };
  return control.followLogs(names, tell, stamps);
}
