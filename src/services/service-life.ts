/** What every built-in service does: it says that it is ready, and ends when it is told to. */

import { Poll } from "../contract.ts";

const signals = { int: 2, term: 15 } as const;

export function variable(name: string): string | null {
  const start = `${name}=`;
  const found = host.environment().find((text) => text.startsWith(start));
  return found === undefined ? null : found.slice(start.length);
}

/** What the configuration says to this service; null: nothing. It comes from the manager, so it is as it should be. */
export function settingsOf<Settings>(): Settings | null {
  const text = variable("GONIT_SETTINGS");
  return text === null ? null : (JSON.parse(text) as Settings);
}

/** Readiness as in sd_notify(3); nobody listens where the configuration does not ask for it. */
export function tellReady(): void {
  tell("READY=1\n");
}

/** Variables as in sd_notify(3), a line each. */
export function tell(message: string): void {
  const socket = variable("NOTIFY_SOCKET");
  if (socket === null || socket === "") return;
  const error = host.sendDatagram(socket, message);
  if (error < 0) host.print(2, `cannot tell gonit how the service is: ${host.errnoText(error)}\n`);
}

/** A descriptor that is readable when the service is to end, or one of `more` came; it is in the poll set. */
export function watchSignals(more: number[]): number {
  const fd = host.catchSignals([signals.term, signals.int, ...more]);
  if (fd < 0) {
    host.print(2, `cannot wait for signals: ${host.errnoText(fd)}\n`);
    host.exit(1);
  }
  host.watch(fd, Poll.in);
  return fd;
}

export function isEnd(signal: number): boolean {
  return signal === signals.term || signal === signals.int;
}

/** Waits without ever waking up. */
export function stayUntilStopped(): never {
  const fd = watchSignals([]);
  for (;;) {
    host.poll(-1);
    if (isEnd(host.readSignal(fd))) host.exit(0);
  }
}
