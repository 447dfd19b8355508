/** The hardware watchdog of a machine: opened here, held and told by init (host/watchdog.c). */

import type { OwnLog } from "./own-log.ts";

const heldName = "watchdog";
const device = "/dev/watchdog";
const ENOENT = 2;

export class HardwareWatchdog {
  private readonly log: OwnLog;
  /** -1: none is open. */
  private fd: number;
  private limitMs: number | null = null;

  constructor(log: OwnLog, held: { name: string; fd: number }[]) {
    this.log = log;
    this.fd = held.find(({ name }) => name === heldName)?.fd ?? -1;
  }

  /**
   * null: nothing is to watch. The device may come with a module that is not loaded yet: only the last try, when the
   * machine is prepared, tells that there is none.
   */
  set(limitMs: number | null, isLastTry: boolean): void {
    if (limitMs !== null && this.fd >= 0 && (this.limitMs === null || this.limitMs === limitMs)) {
      this.limitMs = limitMs;
      return;
    }
    if (limitMs !== this.limitMs || limitMs === null) this.close();
    if (limitMs === null) return;
    const fd = host.openWatchdog(device, Math.ceil(limitMs / 1000));
    if (fd >= 0) {
      this.limitMs = limitMs;
      this.fd = fd;
      host.hold(heldName, fd);
      return;
    }
    if (!isLastTry) return;
    const reason = fd === -ENOENT ? `there is no ${device}; a module may bring it` : host.errnoText(fd);
    this.log.write("warn", "Cannot use the hardware watchdog", { reason });
  }

  private close(): void {
    this.limitMs = null;
    if (this.fd < 0) return;
    host.write(this.fd, "V"); // the character by which the device knows that it is closed on purpose
    host.close(this.fd);
    host.releaseHeld(heldName);
    this.fd = -1;
  }
}
